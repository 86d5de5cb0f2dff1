/**
 * Takes the actions of a recording: in the program that records, not in the sampler, whose ticks they must not delay.
 *
 * The traps: what is replaced in an argument is chosen by whoever names a process, so it never becomes another argument, an
 * option or a path; an action may hang, flood or leave others behind, so each has a process group of its own, which is ended
 * with it; and an action must not be acted upon, or it would go on for ever.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { readBounded } from '../procfs/bounded-file.js';
import { pad } from '../procfs/padding.js';
import { StatField, StatValues, tokenizeStat } from '../procfs/stat.js';
import type { ActionPart } from '../recording/action-part.js';
import type { TideEvent } from '../recording/events.js';
import { formatDurationShort } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { ActionOutput } from './action-output.js';
import { filledWord, type PlannedAction } from './action-plan.js';
import type { Firing } from './rule-watch.js';
import { ruleValueText } from './rules.js';

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 5000;
const SHORT_GRACE_MS = 1000;
/** What has ended may have left something in a pipe; who holds its other end is not waited for. */
const LAST_OUTPUT_MS = 200;

interface Running {
  readonly child: ChildProcess;
  /** `jcmd of process 4711`. */
  readonly what: string;
  readonly endsAtMs: number;
  readonly ended: Promise<void>;
  /** Ends its process group. */
  end(state: 'timed-out' | 'stopped', graceMs: number): void;
}

export interface ActionSurroundings {
  /** The procfs tree. */
  readonly root: string;
  readonly file: string | undefined;
  readonly mark: (timeNs: bigint, event: TideEvent) => void;
  /** The sampler may begin another one. */
  readonly onEnded: () => void;
  readonly onWarning: (sentence: string) => void;
}

export class Actions {
  readonly #running = new Set<Running>();
  /** Sessions of actions, as long as somebody is in them. */
  readonly #sessions = new Set<number>();
  readonly #endAll = () => {
    for (const { child } of this.#running) signalGroup(child, 'SIGKILL');
  };

  readonly #planned: PlannedAction[];

  constructor(
    planned: readonly PlannedAction[],
    private readonly around: ActionSurroundings,
  ) {
    this.#planned = [...planned];
  }

  /** More of them, behind those that there are: of these the sampler may still tell. */
  add(planned: readonly PlannedAction[]): void {
    this.#planned.push(...planned);
  }

  /** Acts upon what the sampler found. */
  take(firings: readonly Firing[]): void {
    for (const firing of firings) this.#take(firing);
  }

  /** What is under way: `jcmd of process 4711`, and for how many milliseconds it may be. */
  get running(): readonly { readonly what: string; readonly leftMs: number }[] {
    return [...this.#running].map(({ what, endsAtMs }) => ({
      what,
      leftMs: Math.max(0, endsAtMs - performance.now()),
    }));
  }

  /** Resolves when nothing is under way; each has its time-out. Keeps the program alive meanwhile. */
  async finished(): Promise<void> {
    const hold = setInterval(() => {}, 1000);
    try {
      while (this.#running.size > 0) await Promise.all([...this.#running].map(({ ended }) => ended));
    } finally {
      clearInterval(hold);
    }
  }

  /** Ends what is under way. */
  async end(): Promise<void> {
    for (const running of this.#running) {
      this.around.onWarning(`Ending ${running.what} with the recording`);
      running.end('stopped', SHORT_GRACE_MS);
    }
    await this.finished();
  }

  #take(firing: Firing): void {
    const action = this.#planned[firing.rule]!;
    const seen = this.#lookAt(firing);
    if (seen === 'ours') {
      this.around.onEnded();
      return;
    }
    const comparison = action.rule.comparisons[firing.comparison]!;
    const { pid, startTicks, comm, commHex, value } = firing;
    const who = { pid, startTicks, comm, ...(commHex === undefined ? {} : { commHex }) };
    const command = path.basename(action.words[0]!);
    const about = { rule: action.rule.text, command, metric: comparison.metric, value };
    const mark = (timeNs: bigint, name: string, part: ActionPart) =>
      this.around.mark(timeNs, { type: 'mark', name, ...who, action: part });
    const fired = `${comparison.text}: ${ruleValueText(value, comparison.unit)}`;
    mark(BigInt(firing.timeNs), fired, { ...about, state: 'fired' });
    const after = (name: string, part: Omit<ActionPart, 'rule'>) => {
      mark(process.hrtime.bigint(), `${command} after ${comparison.text}: ${name}`, { ...about, ...part });
      if (part.state !== 'ended' || part.exitCode !== 0) {
        this.around.onWarning(`The action ${command} of process ${pid} (${comm}): ${name}`);
      }
      this.around.onEnded();
    };
    if (seen === 'gone') after('not started, the process has gone', { state: 'not-started' });
    else this.#start(action, firing, `${command} of process ${pid}`, after);
  }

  #start(
    action: PlannedAction,
    firing: Firing,
    what: string,
    after: (name: string, part: Omit<ActionPart, 'rule'>) => void,
  ): void {
    const [argv0, ...words] = action.words;
    const values = {
      pid: String(firing.pid),
      comm: safeName(firing.comm),
      metric: action.rule.comparisons[firing.comparison]!.metric,
      value: String(firing.value),
      file: this.around.file ?? '',
      time: new Date().toISOString(),
    };
    const args = words.map((word) => filledWord(word, values));
    const begunNs = process.hrtime.bigint();
    const child = spawn(action.program, args, { argv0: argv0!, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let early: 'timed-out' | 'stopped' | undefined;
    let kill: NodeJS.Timeout | undefined;
    const end = (state: 'timed-out' | 'stopped', graceMs: number) => {
      early ??= state;
      signalGroup(child, 'SIGTERM');
      clearTimeout(kill);
      kill = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
      kill.unref();
    };
    const output = new ActionOutput([child.stdout, child.stderr], (line) => {
      this.around.onWarning(`${what}: ${line}`);
    });
    let resolveEnd = () => {};
    const ended = new Promise<void>((resolve) => {
      resolveEnd = resolve;
    });
    const limit = setTimeout(() => end('timed-out', GRACE_MS), action.timeoutMs);
    limit.unref();
    const running = { child, what, endsAtMs: performance.now() + action.timeoutMs, ended, end };
    const over = (name: string, part: Omit<ActionPart, 'rule'>) => {
      if (!this.#running.delete(running)) return;
      if (this.#running.size === 0) process.off('exit', this.#endAll);
      clearTimeout(limit);
      clearTimeout(kill);
      if (early) signalGroup(child, 'SIGKILL');
      this.#forgetSession(child.pid);
      after(name, part);
      const last = setTimeout(() => {
        output.close();
        resolveEnd();
      }, LAST_OUTPUT_MS);
      last.unref();
    };
    if (this.#running.size === 0) process.on('exit', this.#endAll);
    this.#running.add(running);
    if (child.pid !== undefined) this.#sessions.add(child.pid);
    child.on('error', (error) => over(`not started, ${error.message}`, { state: 'not-started' }));
    child.on('exit', (exitCode, signal) => {
      const tookNs = Number(process.hrtime.bigint() - begunNs);
      const how = signal === null ? `exit ${exitCode}` : `killed by ${signal}`;
      const took = formatDurationShort(tookNs);
      const ending = signal === null ? { exitCode: exitCode! } : { signal };
      if (early) {
        const why = early === 'stopped' ? 'ended with the recording' : 'timed out';
        over(`${why} after ${took}, ${how}`, { state: early, tookNs, ...ending });
      } else over(`${how}, ${took}`, { state: 'ended', tookNs, ...ending });
    });
    // Whoever embeds us is not kept alive by it.
    child.unref();
    for (const stream of [child.stdout, child.stderr]) (stream as { unref?(): void } | null)?.unref?.();
  }

  /** Whether the process is still the one that it was, and none of our own. */
  #lookAt({ pid, startTicks }: Firing): 'there' | 'gone' | 'ours' {
    const { root } = this.around;
    try {
      const { bytes, length } = pad(readBounded(path.join(root, String(pid), 'stat')));
      const stat = new StatValues();
      if (!tokenizeStat(bytes, length, stat)) return 'gone';
      if (Number(stat.fields[StatField.starttime]) !== startTicks) return 'gone';
      // Pids of another tree are no pids of ours.
      const isOurs = root === '/proc' && this.#sessions.has(Number(stat.fields[StatField.session]));
      return isOurs ? 'ours' : 'there';
    } catch {
      return 'gone';
    }
  }

  /** The number of a session is not given out again while somebody is in it. */
  #forgetSession(session: number | undefined): void {
    if (session === undefined) return;
    try {
      process.kill(-session, 0);
    } catch {
      this.#sessions.delete(session);
    }
  }
}

/** A name that is no path and no option, and has nothing that a terminal obeys. */
function safeName(comm: string): string {
  return escapeTerminal(comm).replaceAll('/', '_').replace(/^[-.]/, '_');
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Nobody is left.
  }
}
