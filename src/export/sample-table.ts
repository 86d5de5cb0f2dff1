/**
 * The samples of a recording as a table: one row per process and tick, in the order of time.
 *
 * The trap: most of the time goes into copying values that did not change, so each metric is copied a frame at a time, and
 * what a row says of its process is looked up only when its slot gets another one.
 */
import type { ProcessIdentity } from '../engine/identity.js';
import { identityKey } from '../engine/identity.js';
import { nameParts } from '../recording/events.js';
import { columnOf } from '../recording/frame.js';
import type { FrameWalk } from '../recording/frame-walk.js';
import { sourcesOf } from '../recording/merge.js';
import type { Recording } from '../recording/recording.js';
import { findMetric, STATUSES, Status } from '../schema.js';
import { type ExportFrame, exportedFrames } from './frames.js';
import { recordingFacts } from './recording-facts.js';
import { AGGREGATE_KINDS, ESTIMATE_COLUMNS, type ExportOptions, estimateValues, exportedMetrics } from './rows.js';
import { type Batch, metricFacts, newBatch, type Table, type TableColumn, TextPool } from './table.js';

/** Codes of one process in the text columns. */
interface ProcessTexts {
  readonly comm: number;
  readonly commHex: number;
  readonly host: number;
  readonly bootId: number;
  readonly exe: number;
  readonly exeHex: number;
  readonly args: number;
}

const NONE = -1;
const statuses = () => new TextPool(STATUSES);
const text = (name: string, isNullable: boolean, help: string, pool = new TextPool()): TableColumn => ({
  ...{ name, type: 'text', isNullable, pool },
  facts: { help },
});

export class SampleTable implements Table {
  readonly name = 'samples';
  readonly columns: readonly TableColumn[];
  readonly facts: Readonly<Record<string, string>>;
  readonly #recording: Recording;
  readonly #options: ExportOptions;
  readonly #metrics: readonly string[];
  readonly #place = new Map<string, number>();
  /** By slot: whose texts they are. */
  readonly #seen: (ProcessIdentity | undefined)[] = [];
  readonly #texts: ProcessTexts[] = [];
  readonly #hosts: ReturnType<typeof sourcesOf>;
  readonly #programs: ReturnType<Recording['programs']> | undefined;

  /** Throws a TypeError for an unknown metric. */
  constructor(recording: Recording, options: ExportOptions = {}) {
    this.#recording = recording;
    this.#options = options;
    this.#metrics = exportedMetrics(recording, options);
    this.#hosts = sourcesOf(recording.metadata);
    this.#programs = options.extra?.some((name) => name === 'exe' || name === 'args')
      ? recording.programs()
      : undefined;
    this.columns = this.#columnsOf(options);
    this.columns.forEach(({ name }, place) => {
      this.#place.set(name, place);
    });
    this.facts = recordingFacts(recording, 'tidemark-samples-1');
  }

  #columnsOf({ extra = [] }: ExportOptions): TableColumn[] {
    const whole = (name: string, type: 'int32' | 'int64', isNullable: boolean, unit: string, help: string) => ({
      ...{ name, type, isNullable },
      facts: { unit, help },
    });
    const metrics = this.#metrics.map((name): TableColumn => {
      const metric = findMetric(name)!;
      return { name, type: metric.unit === 'pid' ? 'int32' : 'int64', isNullable: true, facts: metricFacts(metric) };
    });
    return [
      {
        name: 'time',
        type: 'timestamp',
        isNullable: false,
        facts: { unit: 'nanoseconds', help: 'Start of the sweep, UTC' },
      },
      text('host', false, 'Host that the process ran on'),
      text('boot_id', false, 'Boot of the host; with pid and start_ticks it names one process'),
      whole('pid', 'int32', false, 'pid', 'Process id'),
      whole('start_ticks', 'int64', false, 'clock ticks', 'Clock ticks between boot and the start of the process'),
      text('comm', false, 'Name of the process'),
      text('commHex', true, 'Bytes of the name, where they are not UTF-8'),
      ...metrics,
      text('counters_status', false, 'Why counters are there or missing', statuses()),
      text('rollup_status', false, 'Why values of deep reads are there or missing', statuses()),
      whole('rollup_age_ns', 'int64', true, 'nanoseconds', 'Time since the last deep read that measured something'),
      whole('step_ns', 'int64', false, 'nanoseconds', 'Length of the step that the row stands for; 0 for a tick'),
      ...(extra.includes('exe')
        ? [
            text('exe', true, 'Path of the program'),
            text('exeHex', true, 'Bytes of the path, where they are not UTF-8'),
          ]
        : []),
      ...(extra.includes('args') ? [text('args', true, 'Arguments, with a space between them')] : []),
      ...(extra.includes('estimates') ? ESTIMATE_COLUMNS : []).map((name) =>
        name === 'estimate_age_ns'
          ? whole(name, 'int64', true, 'nanoseconds', 'Time since the deep read that the estimates rest on')
          : whole(
              name,
              'int64',
              true,
              'bytes',
              'Estimated from the last deep read and the counters since; not measured',
            ),
      ),
    ];
  }

  collectTexts(): void {
    const { onProgress: _, extra: __, ...options } = this.#options;
    for (const { walk } of exportedFrames(this.#recording, options)) {
      const { slots, count } = walk.rows;
      for (let index = 0; index < count; index++) {
        const identity = walk.identity(slots[index]!);
        if (identity) this.#textsOf(slots[index]!, identity);
      }
    }
  }

  *batches(capacity: number): Generator<Batch> {
    const batch = newBatch(this.columns, capacity);
    const pids = this.#options.pids && new Set(this.#options.pids);
    const chosen = new Uint32Array(capacity);
    for (const frame of exportedFrames(this.#recording, this.#options)) {
      const { walk } = frame;
      const { slots, count } = walk.rows;
      for (let from = 0; from < count; ) {
        let rows = 0;
        while (from < count && batch.rows + rows < capacity) {
          const slot = slots[from++]!;
          const identity = walk.identity(slot);
          if (identity && (!pids || pids.has(identity.pid))) chosen[rows++] = slot;
        }
        this.#fill(batch, frame, chosen, rows);
        if (batch.rows < capacity) continue;
        yield batch;
        batch.rows = 0;
      }
    }
    if (batch.rows > 0) yield batch;
  }

  #fill(batch: Batch, { walk, timeNs, estimates }: ExportFrame, slots: Uint32Array, count: number): void {
    const at = batch.rows;
    const numbers = (name: string) => batch.columns[this.#place.get(name)!] as Float64Array;
    (batch.columns[0] as BigInt64Array).fill(timeNs, at, at + count);
    batch.groups.set(slots.subarray(0, count), at);
    this.#fillProcesses(batch, walk, slots, count);
    this.#fillMetrics(batch, walk, slots, count);
    const [counters, rollups, ages] = [numbers('counters_status'), numbers('rollup_status'), numbers('rollup_age_ns')];
    for (let index = 0; index < count; index++) {
      const slot = slots[index]!;
      counters[at + index] = statusCode(walk.status(slot));
      rollups[at + index] = statusCode(walk.rollupStatus(slot));
      const age = walk.rollupAgeNs(slot);
      ages[at + index] = age === undefined ? Number.NaN : Number(age);
    }
    numbers('step_ns').fill(Number(walk.stepNs), at, at + count);
    if (estimates) this.#fillEstimates(batch, estimates, slots, count);
    batch.rows += count;
  }

  #fillEstimates(batch: Batch, estimates: ExportFrame['estimates'], slots: Uint32Array, count: number): void {
    const columns = ESTIMATE_COLUMNS.map((name) => batch.columns[this.#place.get(name)!] as Float64Array);
    for (let index = 0; index < count; index++) {
      const values = estimateValues({ estimate: estimates![slots[index]!] });
      for (const [place, column] of columns.entries()) column[batch.rows + index] = values[place] ?? Number.NaN;
    }
  }

  #fillProcesses(batch: Batch, walk: FrameWalk, slots: Uint32Array, count: number): void {
    const at = batch.rows;
    const column = (name: string) => batch.columns[this.#place.get(name) ?? NONE];
    const [pids, starts] = [column('pid')!, column('start_ticks')!];
    const [hosts, boots, comms, hexes] = [column('host')!, column('boot_id')!, column('comm')!, column('commHex')!];
    const [exes, exeHexes, args] = [column('exe'), column('exeHex'), column('args')];
    for (let index = 0; index < count; index++) {
      const identity = walk.identity(slots[index]!)!;
      const texts = this.#textsOf(slots[index]!, identity);
      pids[at + index] = identity.pid;
      starts[at + index] = identity.startTicks;
      hosts[at + index] = texts.host;
      boots[at + index] = texts.bootId;
      comms[at + index] = texts.comm;
      hexes[at + index] = texts.commHex;
      if (exes) exes[at + index] = texts.exe;
      if (exeHexes) exeHexes[at + index] = texts.exeHex;
      if (args) args[at + index] = texts.args;
    }
  }

  #fillMetrics(batch: Batch, walk: FrameWalk, slots: Uint32Array, count: number): void {
    const at = batch.rows;
    const kind = AGGREGATE_KINDS[this.#options.agg ?? 'last'];
    const read: number[] = [];
    for (let index = 0; index < count; index++) if (walk.isRead(slots[index]!)) read.push(index);
    for (const name of this.#metrics) {
      const { tier, place } = columnOf(name);
      const values = batch.columns[this.#place.get(name)!] as Float64Array;
      if (tier === 'counters') {
        const bySlot = walk.counterColumn(place, kind);
        for (let index = 0; index < count; index++) values[at + index] = bySlot[slots[index]!]!;
        continue;
      }
      values.fill(Number.NaN, at, at + count);
      for (const index of read) values[at + index] = walk.rollup(place, slots[index]!, kind);
    }
  }

  #textsOf(slot: number, identity: ProcessIdentity): ProcessTexts {
    if (this.#seen[slot] === identity) return this.#texts[slot]!;
    const code = (name: string, value: string | undefined) => {
      const pool = this.columns[this.#place.get(name) ?? NONE]?.pool;
      return pool === undefined || value === undefined ? NONE : pool.codeOf(value);
    };
    const { comm, commHex } = nameParts(identity.comm);
    const host = this.#hosts[identity.source ?? 0];
    const program = this.#programs?.get(identityKey(identity));
    const texts = {
      comm: code('comm', comm),
      commHex: code('commHex', commHex),
      host: code('host', host?.hostname ?? ''),
      bootId: code('boot_id', host?.bootId ?? ''),
      exe: code('exe', program?.exe),
      exeHex: code('exeHex', program?.exeHex),
      args: code('args', program?.args?.join(' ')),
    };
    this.#seen[slot] = identity;
    this.#texts[slot] = texts;
    return texts;
  }
}

/** The pool of statuses has them in the order of their numbers; what is unknown is lost. */
function statusCode(status: number): number {
  return status < STATUSES.length ? status : Status.lost;
}
