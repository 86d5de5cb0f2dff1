/** Requests of OTLP, read by another protobuf library and by the part of the public schema that is used. */
import protobuf from 'protobufjs';

const SCHEMA = `
syntax = "proto3";
package otlp;
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message InstrumentationScope { string name = 1; string version = 2; }
message NumberDataPoint {
  reserved 1;
  repeated KeyValue attributes = 7;
  fixed64 start_time_unix_nano = 2;
  fixed64 time_unix_nano = 3;
  oneof value { double as_double = 4; sfixed64 as_int = 6; }
  uint32 flags = 8;
}
enum AggregationTemporality { UNSPECIFIED = 0; DELTA = 1; CUMULATIVE = 2; }
message Gauge { repeated NumberDataPoint data_points = 1; }
message Sum { repeated NumberDataPoint data_points = 1; AggregationTemporality aggregation_temporality = 2; bool is_monotonic = 3; }
message Metric { reserved 4, 6, 8; string name = 1; string description = 2; string unit = 3; oneof data { Gauge gauge = 5; Sum sum = 7; } }
message ScopeMetrics { InstrumentationScope scope = 1; repeated Metric metrics = 2; string schema_url = 3; }
message ResourceMetrics { reserved 1000; Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3; }
message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }`;
const Request = protobuf.parse(SCHEMA).root.lookupType('otlp.ExportMetricsServiceRequest');

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}

interface Point {
  readonly attributes?: readonly Attribute[];
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano: string;
  readonly asDouble: number;
}

export interface DecodedMetric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly gauge?: { readonly dataPoints: readonly Point[] };
  readonly sum?: {
    readonly dataPoints: readonly Point[];
    readonly aggregationTemporality: string;
    readonly isMonotonic: boolean;
  };
}

export interface DecodedOtlp {
  readonly resource: Readonly<Record<string, string>>;
  readonly scope: { readonly name: string; readonly version: string };
  readonly metrics: readonly DecodedMetric[];
}

export function decodeOtlp(bytes: Uint8Array): DecodedOtlp {
  const { resourceMetrics } = Request.toObject(Request.decode(bytes), { longs: String, enums: String }) as {
    resourceMetrics: {
      resource: { attributes: Attribute[] };
      scopeMetrics: { scope: DecodedOtlp['scope']; metrics: DecodedMetric[] }[];
    }[];
  };
  const { resource, scopeMetrics } = resourceMetrics[0]!;
  return { resource: attributesOf(resource.attributes), ...scopeMetrics[0]! };
}

export function attributesOf(attributes: readonly Attribute[] = []): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}

/** The points of a metric: attributes and values. */
export function pointsOf(decoded: DecodedOtlp, name: string): [Record<string, string>, number][] {
  const found = decoded.metrics.filter((metric) => metric.name === name);
  if (found.length !== 1) throw new Error(`${name} is told ${found.length} times`);
  const points = (found[0]!.gauge ?? found[0]!.sum)!.dataPoints;
  return points.map(({ attributes, asDouble }) => [attributesOf(attributes), asDouble]);
}
