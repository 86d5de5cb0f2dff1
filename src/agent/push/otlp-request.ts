/**
 * A request of OTLP: `opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest`, with the names of OpenTelemetry's
 * conventions for processes and hosts where those have one.
 *
 * The traps: what Prometheus has as two metrics is one here with an attribute (`process.cpu.time` by `cpu.mode`), and a name may be
 * told only once in a request; a counter needs the time since when it counts; and a histogram is taken for one that only grows, so the
 * one of sizes, which is of the moment, is left out.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ALL_METRICS } from '../../schema.js';
import type { Family } from '../exposition.js';
import { groupName } from '../group-families.js';
import { type LabelPair, labelPairs } from './label-pairs.js';
import type { EncodedRequest } from './write-request.js';

const Request = { resourceMetrics: 1 } as const;
const ResourceMetrics = { resource: 1, scopeMetrics: 2 } as const;
const Resource = { attributes: 1 } as const;
const ScopeMetrics = { scope: 1, metrics: 2 } as const;
const Scope = { name: 1, version: 2 } as const;
const Metric = { name: 1, description: 2, unit: 3, gauge: 5, sum: 7 } as const;
const Points = { points: 1, temporality: 2, isMonotonic: 3 } as const;
const Point = { startTime: 2, time: 3, asDouble: 4, attributes: 7 } as const;
const KeyValue = { key: 1, value: 2 } as const;
const STRING_VALUE = 1;
const CUMULATIVE = 2;

interface Told {
  readonly name: string;
  readonly attributes: readonly LabelPair[];
}

/** What tells metrics of one name apart, by the name that is ours. */
const ATTRIBUTES: Readonly<Record<string, LabelPair>> = {
  userTime: ['cpu.mode', 'user'],
  systemTime: ['cpu.mode', 'system'],
  minorFaults: ['system.paging.fault.type', 'minor'],
  majorFaults: ['system.paging.fault.type', 'major'],
};

/** By the name that Prometheus is told: that of the conventions. */
const CONVENTIONS: ReadonlyMap<string, Told> = new Map(
  ALL_METRICS.map((metric) => {
    const attribute = ATTRIBUTES[metric.name];
    const told = { name: metric.otel, attributes: attribute ? [attribute] : [] };
    const isOfProcess = metric.prometheus.startsWith('process_');
    return [isOfProcess ? groupName(metric) : metric.prometheus.replace('nanoseconds', 'seconds'), told] as const;
  }),
);

const UNITS: readonly (readonly [ending: string, unit: string])[] = [
  ['_bytes_per_second', 'By/s'],
  ['_bytes', 'By'],
  ['_seconds', 's'],
  ['_ratio', '1'],
];

export interface OtlpOrigin {
  /** Attributes of the host and of us. */
  readonly resource: readonly LabelPair[];
  readonly version: string;
  /** Since when counters count: Unix milliseconds. */
  readonly startUnixMs: number;
}

export function encodeOtlp(families: readonly Family[], unixMs: number, origin: OtlpOrigin): EncodedRequest {
  const metrics = new Map<string, { family: Family; points: { attributes: readonly LabelPair[]; value: number }[] }>();
  for (const family of families) {
    if (family.type === 'histogram') continue;
    const { name, attributes } = toldOf(family);
    const points = family.samples
      .filter(({ value }) => !Number.isNaN(value))
      .map(({ labels, value }) => ({ attributes: [...labelPairs(labels).map(attributeOf), ...attributes], value }));
    if (points.length === 0) continue;
    const known = metrics.get(name);
    if (known) known.points.push(...points);
    else metrics.set(name, { family, points });
  }
  const writer = new BinaryWriter();
  let samples = 0;
  begin(writer, Request.resourceMetrics);
  begin(writer, ResourceMetrics.resource);
  for (const pair of origin.resource) writeAttribute(writer, Resource.attributes, pair);
  writer.join();
  begin(writer, ResourceMetrics.scopeMetrics);
  begin(writer, ScopeMetrics.scope);
  text(writer, Scope.name, 'tidemark');
  text(writer, Scope.version, origin.version);
  writer.join();
  for (const [name, { family, points }] of metrics) {
    writeMetric(writer, name, family, points, unixMs, origin.startUnixMs);
    samples += points.length;
  }
  writer.join();
  writer.join();
  return { bytes: writer.finish(), samples };
}

function writeMetric(
  writer: BinaryWriter,
  name: string,
  { name: prometheus, type, help }: Family,
  points: readonly { readonly attributes: readonly LabelPair[]; readonly value: number }[],
  unixMs: number,
  startUnixMs: number,
): void {
  const isSum = type === 'counter';
  begin(writer, ScopeMetrics.metrics);
  text(writer, Metric.name, name);
  text(writer, Metric.description, help);
  text(writer, Metric.unit, unitOf(prometheus));
  begin(writer, isSum ? Metric.sum : Metric.gauge);
  for (const { attributes, value } of points) {
    begin(writer, Points.points);
    if (isSum) writer.tag(Point.startTime, WireType.Bit64).fixed64(nanoseconds(startUnixMs));
    writer.tag(Point.time, WireType.Bit64).fixed64(nanoseconds(unixMs));
    writer.tag(Point.asDouble, WireType.Bit64).double(value);
    for (const pair of attributes) writeAttribute(writer, Point.attributes, pair);
    writer.join();
  }
  if (isSum) {
    writer.tag(Points.temporality, WireType.Varint).int32(CUMULATIVE);
    writer.tag(Points.isMonotonic, WireType.Varint).bool(true);
  }
  writer.join();
  writer.join();
}

function toldOf({ name }: Family): Told {
  const bare = name.replace(/_(?:total|info)$/, '');
  const unit = UNITS.find(([ending]) => bare.endsWith(ending))?.[0] ?? '';
  const own = bare
    .slice(0, bare.length - unit.length)
    .replace(/^(tidemark|process_group|host)_/, (_, first) => `${first}.`);
  return CONVENTIONS.get(name) ?? { name: own.replace('process_group.', 'process.group.'), attributes: [] };
}

function unitOf(name: string): string {
  const bare = name.replace(/_total$/, '');
  return UNITS.find(([ending]) => bare.endsWith(ending))?.[1] ?? '1';
}

function attributeOf([name, value]: LabelPair): LabelPair {
  return [name === 'group' ? 'process.group' : name === 'host' ? 'host.name' : name, value];
}

function nanoseconds(unixMs: number): bigint {
  return BigInt(Math.round(unixMs)) * 1_000_000n;
}

function begin(writer: BinaryWriter, field: number): void {
  writer.tag(field, WireType.LengthDelimited).fork();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function writeAttribute(writer: BinaryWriter, field: number, [key, value]: LabelPair): void {
  begin(writer, field);
  text(writer, KeyValue.key, key);
  begin(writer, KeyValue.value);
  text(writer, STRING_VALUE, value);
  writer.join();
  writer.join();
}
