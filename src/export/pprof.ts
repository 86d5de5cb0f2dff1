/**
 * The mappings of all processes at one instant as a pprof profile, by process, class, file and mapping; or what changed
 * between two instants.
 *
 * The traps: the reads of an instant are spread over the time before it, so of each process the last one counts; a process
 * that had gone by then counts no more; and names that are no text must not reach the terminal of whoever looks at a profile.
 */
import { gzipSync } from 'node:zlib';
import { Function as Frame, Location, Profile, Sample, StringTable, ValueType } from 'pprof-format';
import { classifyMappings } from '../analyze/classify.js';
import { MAPPING_CLASSES } from '../analyze/mapping-classes.js';
import { permissionText } from '../procfs/mapping-objects.js';
import { SmapsColumn, type SmapsField } from '../procfs/mapping-table.js';
import type { Recording } from '../recording/recording.js';
import { escapeTerminal } from '../text/escape.js';
import { ExportError } from './export-error.js';
import { hasMappings, type MappingRead, mappingReads } from './mapping-reads.js';
import type { ExportOptions } from './rows.js';

/** What a profile can tell of a mapping: by metric the fields of `smaps` that it is the sum of. */
const VALUES: Readonly<Record<string, readonly SmapsField[]>> = {
  pss: ['pss'],
  rss: ['rss'],
  uss: ['privateClean', 'privateDirty'],
  swap: ['swap'],
  pssAnon: ['pssAnon'],
  pssFile: ['pssFile'],
  pssShmem: ['pssShmem'],
  pssDirty: ['pssDirty'],
  swapPss: ['swapPss'],
  referenced: ['referenced'],
  anonHugePages: ['anonHugePages'],
  locked: ['locked'],
};
const USUAL = ['pss', 'rss', 'uss', 'swap'];

export interface PprofOptions extends ExportOptions {
  /** What was there at `to` less what was there at `from`. */
  readonly diff?: boolean;
}

/** From the leaf to the root: mapping, file, class, process. */
type Stack = readonly [mapping: string, file: string, mappingClass: string, process: string];

interface Entry {
  readonly stack: Stack;
  readonly values: number[];
}

/** The profile, compressed as all its readers expect. Throws `ExportError` where no mappings were recorded. */
export function* pprofOf(recording: Recording, options: PprofOptions = {}): Generator<Uint8Array> {
  const { every, from, diff = false, metrics } = options;
  if (every !== undefined) throw new TypeError('Expected no "every" option: a pprof profile is of one instant');
  if (diff && from === undefined) throw new TypeError('Expected the "from" option: the instant to compare with');
  if (!hasMappings(recording)) {
    throw new ExportError(
      'no mappings were recorded, and a pprof profile is made of them; record with --mappings auto',
    );
  }
  const names = (metrics ?? USUAL).filter((name) => name in VALUES);
  if (names.length === 0) {
    throw new ExportError(`no such metric of a mapping; a pprof profile can tell ${Object.keys(VALUES).join(', ')}`);
  }
  const { from: _, ...upTo } = options;
  const entries = new Map<string, Entry>();
  const last = new LastReads(recording, diff ? upTo : options);
  addEntries(entries, last, names, 1);
  if (diff) addEntries(entries, new LastReads(recording, { ...upTo, to: from! }), names, -1);
  yield gzipSync(profileOf([...entries.values()], names, options.to ?? recording.endNs, last.unmeasured).encode());
}

/** The last read of each process in a range, without holding any of them. */
class LastReads {
  /** Mappings of which something was not measured; known after they were gone through. */
  unmeasured = 0;
  readonly #places = new Map<string, number>();

  constructor(
    private readonly recording: Recording,
    private readonly options: ExportOptions,
  ) {
    const { to } = options;
    const ends = endsOf(recording);
    let place = 0;
    for (const { key, process, source } of mappingReads(recording, options)) {
      const isGone = process?.departed === true && process.lastNs < (to ?? ends.get(source)!);
      if (!isGone) this.#places.set(key, place);
      place++;
    }
  }

  *[Symbol.iterator](): Generator<MappingRead> {
    let place = 0;
    for (const read of mappingReads(this.recording, this.options)) {
      if (this.#places.get(read.key) === place++) yield read;
    }
  }
}

/** When anybody was last there, by the number of the host: a command that was recorded is over by the end. */
function endsOf(recording: Recording): Map<number, bigint> {
  const ends = new Map<number, bigint>();
  for (const { source = 0, lastNs } of recording.processes()) {
    const end = ends.get(source);
    if (end === undefined || lastNs > end) ends.set(source, lastNs);
  }
  return ends;
}

function addEntries(entries: Map<string, Entry>, reads: LastReads, names: readonly string[], sign: 1 | -1): void {
  for (const { key, pid, process, table, text } of reads) {
    const { classes } = classifyMappings(table, text, process?.program?.exe);
    const shown = `${process ? escapeTerminal(commOf(process)) : 'process'} [${pid}]`;
    for (let row = 0; row < table.rows; row++) {
      const [start, end] = [table.start[row]!, table.end[row]!];
      const nameStart = table.nameStart[row]!;
      const name = escapeTerminal(text.subarray(nameStart, nameStart + table.nameLength[row]!)) || '[anonymous]';
      const mappingClass = MAPPING_CLASSES[classes[row]!]!.name;
      const own = `${key}:${start}:${mappingClass}:${name}`;
      const range = `${start.toString(16)}-${end.toString(16)} ${permissionText(table.perms[row]!)}`;
      const entry = entries.get(own) ?? {
        stack: [`${range} ${name}`, name, mappingClass, shown],
        values: names.map(() => 0),
      };
      entries.set(own, entry);
      names.forEach((metric, index) => {
        const value = sumOf(VALUES[metric]!.map((field) => table.sizes[SmapsColumn[field]]![row]!));
        if (Number.isFinite(value)) entry.values[index]! += sign * value;
        else if (index === 0) reads.unmeasured++;
      });
    }
  }
}

/** Of what was measured; NaN where nothing was. */
function sumOf(values: readonly number[]): number {
  const measured = values.filter((value) => !Number.isNaN(value));
  return measured.length === 0 ? Number.NaN : measured.reduce((sum, value) => sum + value, 0);
}

function commOf({ comm, commHex }: { readonly comm: string; readonly commHex?: string }): Uint8Array | string {
  return commHex === undefined ? comm : Buffer.from(commHex, 'hex');
}

function profileOf(entries: readonly Entry[], names: readonly string[], timeNs: bigint, unmeasured: number): Profile {
  const stringTable = new StringTable();
  const text = (value: string) => stringTable.dedup(value);
  const frames = new Frames(text);
  const sample = entries
    .filter(({ values }) => values.some((value) => value !== 0))
    .map(({ stack, values }) => new Sample({ locationId: stack.map((name) => frames.idOf(name)), value: values }));
  const comment = unmeasured > 0 ? [text(`${names[0]} was not measured of ${unmeasured} mappings`)] : [];
  return new Profile({
    sampleType: names.map((name) => new ValueType({ type: text(name), unit: text('bytes') })),
    sample,
    location: frames.locations,
    function: frames.functions,
    stringTable,
    timeNanos: timeNs,
    defaultSampleType: text(names[0]!),
    comment,
  });
}

/** Locations and functions, one for each name. */
class Frames {
  readonly locations: Location[] = [];
  readonly functions: Frame[] = [];
  readonly #ids = new Map<string, number>();

  constructor(private readonly text: (value: string) => number) {}

  idOf(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.functions.length + 1;
    this.functions.push(new Frame({ id, name: this.text(name), systemName: this.text(name) }));
    this.locations.push(new Location({ id, line: [{ functionId: id, line: 0 }] }));
    this.#ids.set(name, id);
    return id;
  }
}
