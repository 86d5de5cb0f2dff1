/**
 * `tidemark tail`: follows a recording while it is written.
 *
 * The traps: "nothing more" is never final, so the end is what the recording says itself, or that nobody writes it; and
 * whoever reads us may be slower than the writer, which then laps us: what was lost by that is said.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ClockLine } from '../recording/clock-line.js';
import { EventFollower } from '../recording/event-follower.js';
import type { Recording } from '../recording/recording.js';
import { isAlive } from '../sampler/ring-owner.js';
import { COUNTER_COLUMNS, ROLLUP_COLUMNS } from '../schema.js';
import { InputError } from '../text/input-error.js';
import { eventJson, eventLine, sumTick, tickJson, tickLine } from '../views/tail-lines.js';
import { parsePids, parsePositiveDuration } from './option-values.js';
import { type JsonOption, jsonOption, valueOption } from './options.js';
import { warn } from './output.js';
import { openInput } from './recording-input.js';
import { writeStdout } from './standard-streams.js';

interface Options extends JsonOption {
  for?: bigint;
  metric: string[];
  pid?: number[];
  lines: number;
  events: boolean;
  ticks: boolean;
}

const LEAST_POLL_MS = 10;
const MOST_POLL_MS = 500;
const CLOCK_EVERY_MS = 10_000;
/** In another container the pid of the writer means another process: it is dead only if nothing comes either. */
const SILENCE_MS = 3000;
const SILENT_TICKS = 3;

export function configure(command: Command): void {
  command
    .argument('<file>', 'a recording')
    .addOption(
      valueOption('--for <time>', 'stop after that long (default: when the recording ends)', parsePositiveDuration),
    )
    .addOption(
      valueOption('--metric <names>', 'metrics to sum up in each tick, with commas between them', parseMetrics).default(
        ['rss'],
      ),
    )
    .addOption(valueOption('-p, --pid <pids>', 'only these processes', parsePids))
    .addOption(valueOption('-n, --lines <n>', 'begin with so many of the last ticks', parseLines).default(10))
    .option('--no-events', 'ticks only')
    .option('--no-ticks', 'events only')
    .addOption(jsonOption())
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  using recording = openInput(file);
  const endMs = options.for === undefined ? Number.POSITIVE_INFINITY : performance.now() + Number(options.for) / 1e6;
  const pollMs = Math.min(MOST_POLL_MS, Math.max(LEAST_POLL_MS, 500 / recording.metadata.hz));
  const silenceMs = Math.max(SILENCE_MS, (SILENT_TICKS * 1000) / recording.metadata.hz);
  const follower = new Follower(recording, options);
  await write(follower.begin(options.lines));
  let movedMs = performance.now();
  let wasUnsigned = false;
  for (;;) {
    // A part of a recording need not hold the end of it, and nobody writes it either. One that was just begun is signed in a moment.
    const isUnsigned = recording.owner === undefined;
    const wasClosed = follower.isClosed || (wasUnsigned && isUnsigned);
    wasUnsigned = isUnsigned;
    const lines = follower.next();
    await write(lines);
    const nowMs = performance.now();
    if (lines.length > 0) movedMs = nowMs;
    if ((wasClosed && lines.length === 0) || nowMs >= endMs) return;
    if (nowMs - movedMs > silenceMs && !isWritten(recording)) {
      warn('tail', 'the writer of the recording has died');
      return;
    }
    await pause(Math.min(pollMs, Math.max(0, endMs - nowMs)));
  }
}

async function write(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await writeStdout(`${lines.join('\n')}\n`);
}

function isWritten({ owner }: Recording): boolean {
  return owner !== undefined && isAlive(owner);
}

/** Ticks and events as lines. */
class Follower {
  readonly #events: EventFollower;
  readonly #walk: ReturnType<Recording['walk']>;
  readonly #pids: ReadonlySet<number> | undefined;
  #clock: ClockLine;
  #clockMs = performance.now();

  constructor(
    private readonly recording: Recording,
    private readonly options: Options,
  ) {
    this.#events = new EventFollower(recording);
    this.#walk = recording.walk({ fromBlockAt: 'newest' });
    this.#pids = options.pid && new Set(options.pid);
    this.#clock = recording.clock();
  }

  get isClosed(): boolean {
    return this.#events.isClosed;
  }

  /** The last ticks that are there, and what happened since the first of them. */
  begin(ticks: number): string[] {
    const events = this.#events.next();
    const last: { timeNs: bigint; line: string }[] = [];
    for (let step = this.#walk.next(); step !== null; step = this.#walk.next()) {
      if (step !== 'frame' || ticks === 0) continue;
      last.push({ timeNs: this.#walk.startNs, line: this.#tick() });
      if (last.length > ticks) last.shift();
    }
    const fromNs = last[0]?.timeNs ?? this.#walk.startNs;
    const told = events
      .filter(({ timeNs }) => timeNs >= fromNs)
      .map((one) => ({ timeNs: one.timeNs, line: this.#event(one) }));
    return this.#chosen(last, told).map(({ line }) => line);
  }

  /** What has come since the last time. */
  next(): string[] {
    // Arrivals are told before the tick that they are in, so events are looked at last.
    const ticks: { timeNs: bigint; line: string }[] = [];
    for (let step = this.#walk.next(); step !== null; step = this.#walk.next()) {
      if (step === 'gap') warn('tail', `${this.#walk.lost} ticks were overwritten before they could be read`);
      if (step === 'frame') ticks.push({ timeNs: this.#walk.startNs, line: this.#tick() });
    }
    const lostBefore = this.#events.lost;
    const events = this.#events.next().map((one) => ({ timeNs: one.timeNs, line: this.#event(one) }));
    const { lost } = this.#events;
    if (lost > lostBefore) warn('tail', `${lost - lostBefore} events were overwritten before they could be read`);
    return this.#chosen(ticks, events).map(({ line }) => line);
  }

  #chosen<T extends { readonly timeNs: bigint }>(ticks: readonly T[], events: readonly T[]): T[] {
    const { ticks: hasTicks, events: hasEvents } = this.options;
    const chosen = [...(hasEvents ? events : []), ...(hasTicks ? ticks : [])];
    return chosen.sort((a, b) => (a.timeNs < b.timeNs ? -1 : a.timeNs > b.timeNs ? 1 : 0));
  }

  #tick(): string {
    const tick = sumTick(this.#walk, this.#clockNow(), this.options.metric, this.#pids);
    return this.options.json ? JSON.stringify(tickJson(tick)) : tickLine(tick);
  }

  #event({ timeNs, event }: ReturnType<EventFollower['next']>[number]): string {
    const unixNs = this.#clockNow().toUnix(timeNs);
    return this.options.json ? JSON.stringify(eventJson(unixNs, event)) : eventLine(unixNs, event);
  }

  /** Read anew as often as the sampler stores it: it means reading all events. */
  #clockNow(): ClockLine {
    if (performance.now() - this.#clockMs > CLOCK_EVERY_MS) {
      this.#clock = this.recording.clock();
      this.#clockMs = performance.now();
    }
    return this.#clock;
  }
}

function parseMetrics(text: string): string[] {
  const known = [...COUNTER_COLUMNS, ...ROLLUP_COLUMNS];
  for (const name of text.split(','))
    if (!known.includes(name)) throw new InputError(name, 'a metric', known.join(', '));
  return text.split(',');
}

function parseLines(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InputError(text, 'a number of ticks', 'a whole number, 0 or more');
}
