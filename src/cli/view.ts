/** `tidemark view`: the page of a recording, served to a browser on this machine, and kept up to date while it grows. */
import path from 'node:path';
import type { Command } from 'commander';
import { LocalServer } from '../http/local-server.js';
import type { Recording } from '../recording/recording.js';
import { LivePage } from '../report/live-page.js';
import { type Recorder, startRecording } from '../sampler/recorder.js';
import { isAlive } from '../sampler/ring-owner.js';
import { InputError } from '../text/input-error.js';
import { CommandError, exitCodeOf, reasonOf, UsageError } from './command-error.js';
import { parseHz, parsePids } from './option-values.js';
import { valueOption } from './options.js';
import { warn, writeLines } from './output.js';
import { openInput } from './recording-input.js';

interface Options {
  live?: true;
  pids?: number[];
  hz: number;
  port: number;
}

const LIVE_HZ = 10;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function configure(command: Command): void {
  command
    .argument('[file]', 'a recording, also one that is being written, or - for standard input')
    .option('--live', 'record now, in memory, and show that')
    .addOption(valueOption('-p, --pids <pids>', 'with --live: only these processes', parsePids))
    .addOption(valueOption('--hz <rate>', 'with --live: ticks per second', parseHz).default(LIVE_HZ))
    .addOption(valueOption('--port <port>', 'port on 127.0.0.1, 0 for a free one', parsePort).default(0))
    .action(run);
}

async function run(file: string | undefined, options: Options): Promise<void> {
  if ((file === undefined) === (options.live === undefined)) {
    throw new UsageError('Expected either a recording or --live');
  }
  if (options.pids && !options.live) throw new UsageError('--pids: only with --live; the page has a search');
  await (file === undefined ? viewLive(options) : viewFile(file, options));
}

async function viewFile(file: string, options: Options): Promise<void> {
  using recording = openInput(file);
  const title = file === '-' ? recording.metadata.host.hostname : path.basename(file);
  await serve(recording, title, () => !isWritten(recording), options);
}

async function viewLive({ pids, ...options }: Options): Promise<void> {
  await using recorder = await start(pids, options.hz);
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  recorder.finished.then(over, over);
  const recording = recorder.recording();
  await serve(recording, `${recording.metadata.host.hostname}, live`, () => isOver, options);
}

function start(pids: number[] | undefined, hz: number): Promise<Recorder> {
  return startRecording({
    target: pids ? { pids } : 'host',
    hz,
    mappings: pids ? 1 : 'off',
    sampler: 'worker',
    onWarning: (sentence) => warn('view', sentence),
  });
}

/** Until a signal ends it. */
async function serve(recording: Recording, title: string, isOver: () => boolean, { port }: Options): Promise<void> {
  const page = new LivePage(recording, title, isOver);
  await using server = await listen(port, (rest, query) => page.respond(rest, query));
  const signalled = new Promise<void>((resolve) => {
    for (const signal of SIGNALS) process.once(signal, () => resolve());
  });
  await writeLines([server.url]);
  warn('view', 'serving this page to this machine until Ctrl-C; whoever has the address can read it');
  await signalled;
}

async function listen(port: number, respond: Parameters<typeof LocalServer.start>[1]): Promise<LocalServer> {
  try {
    return await LocalServer.start(port, respond);
  } catch (error) {
    throw new CommandError(`--port: cannot listen on 127.0.0.1:${port}: ${reasonOf(error)}`, exitCodeOf(error));
  }
}

function isWritten({ owner }: Recording): boolean {
  return owner !== undefined && isAlive(owner);
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InputError(text, 'a port', 'a whole number from 0 to 65535');
}
