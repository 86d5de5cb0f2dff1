/**
 * `tidemark top`: with `-b` frames in the layout of procps' top, one after the other; without it a screen.
 *
 * The traps: a delay counts from deadline to deadline, or a frame every second becomes one every 1.02 seconds; the first
 * frame needs two reads, since a share of CPU time lies between two; and whoever stops a batch with ^C has still got a
 * whole frame, so that ends well, as with procps.
 */
import { chooseEngine } from '../engine/choose.js';
import { AccountNames } from '../procfs/accounts.js';
import { readPidDigits } from '../procfs/pid-max.js';
import { escapeTerminal } from '../text/escape.js';
import { isUtf8Locale } from '../text/procps-escape.js';
import { readLoggedIn } from '../views/logged-in-users.js';
import { SORT_FIELDS } from '../views/top-fields.js';
import { frameLines, type TopHost } from '../views/top-frame.js';
import { type TopSample, TopSampler } from '../views/top-sample.js';
import { CommandError, UsageError } from './command-error.js';
import type { DirectCommand, DirectWords } from './direct-command.js';
import { directUnitsOf, engineOf, hasSwitch, procfsOf } from './direct-options.js';
import { nextDeadline, waitUntil } from './frame-clock.js';
import { writeJson, writePieces } from './output.js';
import { isTerminal } from './standard-streams.js';
import { requestOf, type TopRequest } from './top-options.js';
import { parseTopWords, TOP_OPTIONS } from './top-words.js';

/** Between the first two reads, as procps has it. */
const PRIMING_MS = 150;

export const command: DirectCommand = {
  usage: '[-b] [-n number] [-d seconds] [-p pid,..] [options]',
  options: TOP_OPTIONS,
  notes: [
    'On a terminal, without -b: a screen of memory, what grows first, drawn every second. Keys: ? for help, q to quit.',
    'There -p -u -U -d -n -c -o (PID RES %MEM COMMAND) --procfs and --engine apply; docs/top.md has the rest.',
    '',
    `Fields to sort by with -b: ${Object.keys(SORT_FIELDS).join(' ')}`,
  ],
  async run(words) {
    const parsed = parseTopWords(words);
    if (parsed.options.has('at') && !parsed.options.has('in')) throw new UsageError('--at: needs --in and a recording');
    if (!hasSwitch(parsed, 'batch-mode') && !hasSwitch(parsed, 'json')) {
      if (!isTerminal('stdin') || !isTerminal()) {
        throw new CommandError('the screen needs a terminal; -b prints frames one after the other');
      }
      await drawScreen(parsed);
      return;
    }
    await runBatch(parsed);
  },
};

/** The screen records, in a thread of its own: nothing of that is loaded for a batch. */
async function drawScreen(words: DirectWords): Promise<void> {
  const { TERM } = process.env;
  if (TERM === undefined || TERM === '' || TERM === 'dumb') {
    throw new CommandError(
      `no screen can be drawn with TERM=${escapeTerminal(TERM ?? '')}; -b prints frames one after the other`,
    );
  }
  const [{ runScreen, replayScreen }, { screenRequestOf, replayRequestOf }] = await Promise.all([
    import('./top-screen.js'),
    import('./top-screen-request.js'),
  ]);
  if (words.options.has('in')) await replayScreen(replayRequestOf(words));
  else await runScreen(screenRequestOf(words));
}

async function runBatch(words: DirectWords): Promise<void> {
  const root = procfsOf(words);
  const accounts = new AccountNames(root);
  // The streams of `process`, which a pipe does without, are loaded by whoever asks them.
  const terminal = isTerminal();
  const request = requestOf(words, accounts, process.env, terminal ? process.stdout.columns : undefined);
  if (words.options.has('in')) {
    const { printRecorded } = await import('./top-recorded.js');
    await printRecorded(words, request);
    return;
  }
  const units = directUnitsOf(words);
  const host: TopHost = {
    pidDigits: readPidDigits(root),
    clockTicksPerSecond: units.clockTicksPerSecond,
    userName: (uid) => accounts.user(uid),
    locale: { utf8: isUtf8Locale(process.env), terminal },
  };
  const sampler = new TopSampler({
    root,
    engine: chooseEngine(engineOf(words)).name,
    units,
    cmdline: request.view.cmdline,
    ...(request.pids ? { pids: request.pids } : {}),
  });
  const json = hasSwitch(words, 'json');
  const print = json ? await jsonPrinter(request, host, root) : textPrinter(request, host, root);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGALRM', 'SIGUSR2'] as const) {
    process.on(signal, () => {
      if (!json) process.stdout.write('\n');
      process.exit(0);
    });
  }
  // So that it goes on under nohup and after its terminal has gone.
  process.on('SIGHUP', () => {});

  // As with procps: a tree without a process is none, while pids that are not there are just not shown.
  if (sampler.sample().tasks.length === 0 && !request.pids) {
    const { whyUnread } = await import('../engine/why-unread.js');
    const why = whyUnread(root);
    const reason = why === undefined ? '' : `: ${escapeTerminal(why)}`;
    throw new CommandError(`--procfs: no process can be read in "${escapeTerminal(root)}"${reason}`);
  }
  let deadline = performance.now() + PRIMING_MS;
  for (let frame = 1; ; frame++) {
    await waitUntil(deadline);
    await print(sampler.sample(), frame);
    if (frame >= request.iterations) break;
    deadline = nextDeadline(deadline, request.delayMs, performance.now());
  }
  if (!json) await writePieces(['\n']);
}

type Printer = (sample: TopSample, frame: number) => Promise<void>;

function textPrinter({ view }: TopRequest, host: TopHost, root: string): Printer {
  return async (sample, frame) => {
    // A host that keeps no count has no user, as procps says; of another tree nobody knows.
    const known = { ...(root === '/proc' ? { users: 0 } : {}), ...shownAt(sample, root) };
    const lines = frameLines(sample, view, host, known);
    await writePieces([`${frame > 1 ? '\n\n' : ''}${lines.join('\n')}`]);
  };
}

async function jsonPrinter({ view, iterations }: TopRequest, host: TopHost, root: string): Promise<Printer> {
  const { frameObject } = await import('../views/top-json.js');
  return async (sample, frame) => {
    const object = frameObject(sample, view, host, { frame, ...shownAt(sample, root) });
    if (iterations === 1) await writeJson(object);
    else await writePieces([`${JSON.stringify(object)}\n`]);
  };
}

/** Now, or for another tree the time of its host when it was read; who is logged in is known of this host only. */
function shownAt({ cpu, upNs }: TopSample, root: string): { readonly clock?: Date; readonly users?: number } {
  if (root === '/proc') {
    const users = readLoggedIn();
    return { clock: new Date(), ...(users === undefined ? {} : { users }) };
  }
  const booted = cpu?.now.bootTimeSeconds;
  return booted === undefined || upNs === undefined ? {} : { clock: new Date(booted * 1000 + upNs / 1e6) };
}
