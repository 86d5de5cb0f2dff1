/**
 * Starting a sampler in a worker thread or in a helper process, and talking to it.
 *
 * The trap: neither may keep the embedding program alive, crash it, or outlive it: a worker is unreferenced, a helper
 * ends when its line to us breaks, and the death of either becomes a `failed` message.
 */
import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { isShortOfDescriptors, tooFewDescriptors } from '../engine/descriptors.js';
import type { SamplerConfig } from './config.js';
import type { FromSampler, ToSampler } from './protocol.js';

/** Young objects of a tick die with it: more room for them is memory for nothing. */
const YOUNG_MIB = 6;
/**
 * What is freed goes back. By itself the C library keeps an arena for every thread that ever read something, and after the
 * first large array takes large ones from the heap, between what lives.
 */
const HELPER_MEMORY = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: String(64 * 1024) };
/** A collection that waits for threads of a lower priority takes several ticks where every processor is busy. */
const HELPER_FLAGS = [`--max-semi-space-size=${YOUNG_MIB / 3}`, '--single-threaded-gc', '--optimize-for-size'];

export type SamplerHost = 'worker' | 'process';

export interface SamplerLine {
  send(message: ToSampler): void;
  /** Keeps the program alive until the sampler has ended, or no longer. */
  hold(isHeld: boolean): void;
}

/** Throws an error with a `code` where there is no thread to be had, which Node says by an errno alone. */
function startThread(config: SamplerConfig): Worker {
  try {
    // The options that our host was started with are for its own code: loaders, `--input-type`, a debugger.
    return new Worker(new URL('./worker.js', import.meta.url), {
      workerData: config,
      name: 'tidemark',
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
  } catch (error) {
    const { message } = error as Error;
    throw Object.assign(new Error(`The sampler's thread could not be started: ${message}`), { code: 'no-thread' });
  }
}

/** Starts a sampler. `listen` gets its messages, and exactly one of `stopped` and `failed` as the last. */
export function startSampler(
  host: SamplerHost,
  config: SamplerConfig,
  listen: (message: FromSampler) => void,
): SamplerLine {
  let isOver = false;
  const hear = (message: FromSampler) => {
    if (isOver) return;
    isOver = message.type === 'stopped' || message.type === 'failed';
    listen(message);
  };
  const died = (message: string) => hear({ type: 'failed', failure: { code: 'sampler-died', message } });
  if (host === 'worker') {
    const worker = startThread(config);
    worker.on('message', hear);
    worker.on('error', (error) =>
      died(
        isShortOfDescriptors(error) || /EMFILE/.test(error.message)
          ? tooFewDescriptors().message
          : `The sampler's thread failed: ${error.message}`,
      ),
    );
    worker.on('exit', (code) => died(`The sampler's thread ended with code ${code}`));
    worker.unref();
    return {
      send: (message) => worker.postMessage(message),
      hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    };
  }
  const child = fork(new URL('./helper.js', import.meta.url), [], {
    execArgv: HELPER_FLAGS,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '', ...HELPER_MEMORY },
  });
  child.on('message', (message) => hear(message as FromSampler));
  child.on('error', (error) => died(`The sampler's process failed: ${error.message}`));
  // Not `exit`: that may come before the last messages have been read.
  child.on('close', (code, signal) => died(`The sampler's process ended (${signal ?? `code ${code}`})`));
  child.send(config);
  const setHeld = (isHeld: boolean) => {
    if (isHeld) child.ref();
    else child.unref();
    if (isHeld) child.channel?.ref();
    else child.channel?.unref();
  };
  setHeld(false);
  return {
    send: (message) => {
      if (child.connected) child.send(message, () => {});
    },
    hold: setHeld,
  };
}
