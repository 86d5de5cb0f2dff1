/**
 * Starting a sampler in a worker thread or in a helper process, and talking to it.
 *
 * The trap: neither may keep the embedding program alive, crash it, or outlive it: a worker is unreferenced, a helper
 * ends when its line to us breaks, and the death of either becomes a `failed` message.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { isShortOfDescriptors, tooFewDescriptors } from '../engine/descriptors.js';
import { type StartedProcess, startProcess } from '../engine/start-process.js';
import type { SamplerConfig } from './config.js';
import { hearLines, sendLine } from './json-line.js';
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

/** Options of our host's Node are not for it; and a program that has Node inside it runs as Node only when it is told so. */
const PLAIN_NODE = { NODE_OPTIONS: '', ...(process.versions.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {}) };
const HELPER = fileURLToPath(new URL('./helper.js', import.meta.url));

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
  return startHelper(config, hear, died);
}

function startHelper(
  config: SamplerConfig,
  hear: (message: FromSampler) => void,
  died: (message: string) => void,
): SamplerLine {
  const env = { ...process.env, ...PLAIN_NODE, ...HELPER_MEMORY };
  const { line, ended } = startNode(env);
  let isHeld = false;
  hearLines(
    line,
    (message) => hear(message as FromSampler),
    async () => died(`The sampler's process ended (${await ended(isHeld)})`),
  );
  sendLine(line, config);
  line.unref();
  return {
    send: (message) => void sendLine(line, message),
    hold: (held) => {
      isHeld = held;
      if (held) line.ref();
      else line.unref();
    },
  };
}

/** Throws an error with a `code` and a sentence where there is no process to be had. */
function startNode(env: NodeJS.ProcessEnv): StartedProcess {
  try {
    return startProcess(process.execPath, [...HELPER_FLAGS, HELPER], env);
  } catch (error) {
    if (isShortOfDescriptors(error)) throw tooFewDescriptors();
    const { message } = error as Error;
    throw Object.assign(new Error(`The sampler's process could not be started: ${message}`), { code: 'no-process' });
  }
}
