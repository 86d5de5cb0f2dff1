/**
 * The host, or control groups, as a table: one row per sweep, or per group and sweep, in the order of time.
 *
 * The traps: a sweep does not read everything, and what it did not read is null here and not what an earlier one read; and a
 * limit that is none is infinite, which no whole number can be, so limits are doubles.
 */
import { decodeGroup } from '../engine/group-identity.js';
import { nameParts } from '../recording/events.js';
import { columnOfGroup } from '../recording/group-reading.js';
import { columnOfHost } from '../recording/host-reading.js';
import { sourcesOf } from '../recording/merge.js';
import type { Recording } from '../recording/recording.js';
import { GROUP_RING, HOST_RING, sourceOfHostLabel } from '../recording/tier-format.js';
import { TierWalk } from '../recording/tier-walk.js';
import { monotonicRange } from '../recording/time-range.js';
import { CGROUP_METRICS, findMetric, HOST_METRICS, type Metric, STATUSES, Status } from '../schema.js';
import { ExportError } from './export-error.js';
import { recordingFacts } from './recording-facts.js';
import type { ExportOptions } from './rows.js';
import { type Batch, metricFacts, newBatch, type Table, type TableColumn, TextPool } from './table.js';
import type { TierName } from './tier-names.js';

const NONE = -1;
const LIMITS: ReadonlySet<string> = new Set(['cgroupMax', 'cgroupHigh', 'cgroupLow', 'cgroupMin', 'cgroupSwapMax']);

/** Codes of one row's owner, and its numbers. */
interface Owner {
  readonly codes: readonly number[];
  readonly hierarchy: number;
  readonly inode: bigint;
}

export class TierTable implements Table {
  readonly columns: readonly TableColumn[];
  readonly facts: Readonly<Record<string, string>>;
  readonly #metrics: readonly Metric[];
  readonly #texts: readonly TableColumn[];
  readonly #hosts: ReturnType<typeof sourcesOf>;

  /** Throws a TypeError for a metric that the tier has not, and an `ExportError` where the tier was not recorded. */
  constructor(
    private readonly recording: Recording,
    readonly name: TierName,
    private readonly options: ExportOptions = {},
  ) {
    const isHost = name === 'host';
    if (options.pids) throw new TypeError('The "pids" option is for processes: a host and control groups have none');
    if (!TierWalk.over(recording.ring, ringOf(name))) {
      throw new ExportError(`this recording has nothing of ${isHost ? 'the host' : 'control groups'}`);
    }
    for (const metric of options.metrics ?? []) (isHost ? columnOfHost : columnOfGroup)(metric);
    const all: readonly Metric[] = isHost ? HOST_METRICS : CGROUP_METRICS;
    this.#metrics = options.metrics?.map((metric) => findMetric(metric)!) ?? all;
    this.#hosts = sourcesOf(recording.metadata);
    this.#texts = [
      text('host', false, 'Host that was read'),
      text('boot_id', false, 'Boot of the host'),
      ...(isHost
        ? []
        : [
            text('path', false, 'Path of the group from the root of the hierarchy on'),
            text('pathHex', true, 'Bytes of the path, where they are not UTF-8'),
          ]),
    ];
    this.columns = [
      {
        name: 'time',
        type: 'timestamp',
        isNullable: false,
        facts: { unit: 'nanoseconds', help: 'Start of the sweep, UTC' },
      },
      ...this.#texts,
      ...(isHost ? [] : GROUP_COLUMNS),
      ...this.#metrics.map(
        (metric): TableColumn => ({
          name: metric.name,
          type: metric.unit === 'percent' || LIMITS.has(metric.name) ? 'double' : 'int64',
          isNullable: true,
          facts: metricFacts(metric),
        }),
      ),
      text('status', false, 'Why values are there or missing', new TextPool(STATUSES)),
    ];
    this.facts = recordingFacts(recording, `tidemark-${name}-1`);
  }

  collectTexts(): void {
    const { onProgress: _, ...quiet } = this.options;
    for (const { walk } of this.#sweeps(quiet)) {
      const { slots, count } = walk.rows;
      for (let index = 0; index < count; index++) this.#ownerOf(walk.label(slots[index]!));
    }
  }

  *batches(capacity: number): Generator<Batch> {
    const batch = newBatch(this.columns, capacity);
    const column = this.name === 'host' ? columnOfHost : columnOfGroup;
    const places = this.#metrics.map((metric) => column(metric.name));
    const first = this.columns.length - 1 - places.length;
    let [owners, changes]: [(Owner | undefined)[], number] = [[], -1];
    for (const { walk, timeNs } of this.#sweeps(this.options)) {
      if (walk.labelChanges !== changes) [owners, changes] = [[], walk.labelChanges];
      const { slots, count } = walk.rows;
      for (let index = 0; index < count; index++) {
        const slot = slots[index]!;
        owners[slot] ??= this.#ownerOf(walk.label(slot));
        const owner = owners[slot];
        if (!owner) continue;
        const row = batch.rows++;
        batch.groups[row] = slot;
        (batch.columns[0] as BigInt64Array)[row] = timeNs;
        owner.codes.forEach((code, text) => {
          batch.columns[1 + text]![row] = code;
        });
        if (this.name === 'cgroup') {
          batch.columns[1 + this.#texts.length]![row] = owner.hierarchy;
          (batch.columns[2 + this.#texts.length] as BigUint64Array)[row] = owner.inode;
        }
        for (let at = 0; at < places.length; at++) batch.columns[first + at]![row] = walk.value(places[at]!, slot);
        const status = walk.status(slot);
        batch.columns[this.columns.length - 1]![row] = status < STATUSES.length ? status : Status.lost;
        if (batch.rows < capacity) continue;
        yield batch;
        batch.rows = 0;
      }
    }
    if (batch.rows > 0) yield batch;
  }

  /** The sweeps of the range, at most one in each interval of `every`. */
  *#sweeps({ every, onProgress, ...range }: ExportOptions): Generator<{ walk: TierWalk; timeNs: bigint }> {
    const clock = this.recording.clock();
    const walk = TierWalk.over(this.recording.ring, ringOf(this.name), monotonicRange(range, clock))!;
    /** By input of a merged recording: the interval that its last sweep was in. */
    const intervals = new Map<number, bigint>();
    for (let step = walk.next(); step !== null; step = walk.next()) {
      if (step !== 'frame') continue;
      const timeNs = clock.toUnix(walk.startNs);
      if (every !== undefined) {
        if (intervals.get(walk.input) === timeNs / every) continue;
        intervals.set(walk.input, timeNs / every);
      }
      if (walk.frames % 1024 === 0) onProgress?.(timeNs);
      yield { walk, timeNs };
    }
  }

  #ownerOf(label: Uint8Array | undefined): Owner | undefined {
    const group = label && this.name === 'cgroup' ? decodeGroup(label) : undefined;
    const source = label && (this.name === 'host' ? sourceOfHostLabel(label) : group && (group.source ?? 0));
    if (source === undefined) return undefined;
    const host = this.#hosts[source];
    const { comm: path, commHex: pathHex } = group ? nameParts(group.path) : { comm: undefined, commHex: undefined };
    const codes = [host?.hostname ?? '', host?.bootId ?? '', ...(group ? [path, pathHex] : [])].map((told, index) =>
      told === undefined ? NONE : this.#texts[index]!.pool!.codeOf(told),
    );
    return { codes, hierarchy: group?.hierarchy ?? 0, inode: group?.inode ?? 0n };
  }
}

const GROUP_COLUMNS: readonly TableColumn[] = [
  { name: 'hierarchy', type: 'int32', isNullable: false, facts: { help: 'Version of control groups, 1 or 2' } },
  { name: 'inode', type: 'uint64', isNullable: false, facts: { help: "Inode of the group's folder" } },
];

function text(name: string, isNullable: boolean, help: string, pool = new TextPool()): TableColumn {
  return { name, type: 'text', isNullable, pool, facts: { help } };
}

function ringOf(name: TierName): typeof HOST_RING | typeof GROUP_RING {
  return name === 'host' ? HOST_RING : GROUP_RING;
}
