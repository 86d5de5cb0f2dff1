/**
 * A request of Prometheus' remote write, version 1: `prompb.WriteRequest`, to be compressed with snappy.
 *
 * The traps: labels must be in the order of their names and none may be empty; times are milliseconds; and a series that is told
 * no longer has to be ended by a NaN of certain bits, or the store goes on with its last value for five minutes.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Family } from '../exposition.js';
import { type LabelPair, labelPairs } from './label-pairs.js';

const WriteRequest = { series: 1, metadata: 3 } as const;
const TimeSeries = { labels: 1, samples: 2 } as const;
const Label = { name: 1, value: 2 } as const;
const Sample = { value: 1, timestamp: 2 } as const;
const Metadata = { type: 1, family: 2, help: 4 } as const;
const TYPES = { counter: 1, gauge: 2, histogram: 3, info: 6 } as const;
const STALE_NAN = 0x7ff0000000000002n;

export interface EncodedRequest {
  readonly bytes: Uint8Array;
  readonly samples: number;
}

/** Turns families into requests one after the other, and ends the series that are in one and not in the next. */
export class WriteRequests {
  /** By text of name and labels: the labels in their order. */
  #told = new Map<string, readonly LabelPair[]>();
  /** Series keep their labels, and those need not be sorted anew. */
  readonly #constant: readonly LabelPair[];

  /** `constant`: labels of every series, such as `instance`. */
  constructor(constant: readonly LabelPair[]) {
    this.#constant = constant;
  }

  /** `hasMetadata`: types and helps go along, which a store needs now and then only. */
  encode(families: readonly Family[], unixMs: number, hasMetadata: boolean): EncodedRequest {
    const writer = new BinaryWriter();
    const told = new Map<string, readonly LabelPair[]>();
    let samples = 0;
    for (const family of families) {
      for (const { labels, value, suffix = '' } of family.samples) {
        if (Number.isNaN(value)) continue;
        const key = `${family.name}${suffix}{${labels}}`;
        const pairs = this.#told.get(key) ?? this.#pairsOf(family.name + suffix, labels);
        told.set(key, pairs);
        writeSeries(writer, pairs, value, unixMs);
        samples++;
      }
    }
    for (const [key, pairs] of this.#told) {
      if (told.has(key)) continue;
      writeSeries(writer, pairs, undefined, unixMs);
      samples++;
    }
    this.#told = told;
    if (hasMetadata) for (const family of families) writeMetadata(writer, family);
    return { bytes: writer.finish(), samples };
  }

  #pairsOf(name: string, labels: string): readonly LabelPair[] {
    const own = labelPairs(labels);
    const names = new Set(own.map(([label]) => label));
    const constant = this.#constant.filter(([label]) => !names.has(label));
    const all: LabelPair[] = [['__name__', name], ...own, ...constant];
    return all.filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** Undefined: the series ends. */
function writeSeries(
  writer: BinaryWriter,
  labels: readonly LabelPair[],
  value: number | undefined,
  unixMs: number,
): void {
  writer.tag(WriteRequest.series, WireType.LengthDelimited).fork();
  for (const [name, text] of labels) {
    writer.tag(TimeSeries.labels, WireType.LengthDelimited).fork();
    writer.tag(Label.name, WireType.LengthDelimited).string(name);
    writer.tag(Label.value, WireType.LengthDelimited).string(text);
    writer.join();
  }
  writer.tag(TimeSeries.samples, WireType.LengthDelimited).fork();
  writer.tag(Sample.value, WireType.Bit64);
  if (value === undefined) writer.fixed64(STALE_NAN);
  else writer.double(value);
  writer.tag(Sample.timestamp, WireType.Varint).int64(unixMs);
  writer.join();
  writer.join();
}

function writeMetadata(writer: BinaryWriter, { name, type, help }: Family): void {
  const family = type === 'info' ? name.replace(/_info$/, '') : name;
  writer.tag(WriteRequest.metadata, WireType.LengthDelimited).fork();
  writer.tag(Metadata.type, WireType.Varint).int32(TYPES[type]);
  writer.tag(Metadata.family, WireType.LengthDelimited).string(family);
  writer.tag(Metadata.help, WireType.LengthDelimited).string(help);
  writer.join();
}
