/** Requests of remote write, read by another protobuf library and by the public schema of `prometheus/prompb`. */
import protobuf from 'protobufjs';
import { uncompress } from 'snappyjs';

const SCHEMA = `
syntax = "proto3";
package prometheus;
message MetricMetadata {
  enum MetricType { UNKNOWN = 0; COUNTER = 1; GAUGE = 2; HISTOGRAM = 3; GAUGEHISTOGRAM = 4; SUMMARY = 5; INFO = 6; STATESET = 7; }
  MetricType type = 1;
  string metric_family_name = 2;
  string help = 4;
  string unit = 5;
}
message Sample { double value = 1; int64 timestamp = 2; }
message Label { string name = 1; string value = 2; }
message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
message WriteRequest {
  repeated TimeSeries timeseries = 1;
  reserved 2;
  repeated MetricMetadata metadata = 3;
}`;
const WriteRequest = protobuf.parse(SCHEMA).root.lookupType('prometheus.WriteRequest');

export interface DecodedSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** In their order. */
  readonly names: readonly string[];
  readonly value: number;
  readonly unixMs: number;
}

export interface DecodedRequest {
  readonly series: readonly DecodedSeries[];
  readonly metadata: readonly { readonly type: string; readonly metricFamilyName: string; readonly help: string }[];
}

/** Of a request as it is sent. */
export function decodeBody(body: Uint8Array): DecodedRequest {
  return decodeRequest(uncompress(body));
}

export function decodeRequest(bytes: Uint8Array): DecodedRequest {
  const { timeseries = [], metadata = [] } = WriteRequest.toObject(WriteRequest.decode(bytes), {
    longs: Number,
    enums: String,
  }) as {
    timeseries?: {
      labels: { name: string; value: string }[];
      samples: { value?: number; timestamp: number }[];
    }[];
    metadata?: DecodedRequest['metadata'];
  };
  return {
    metadata,
    series: timeseries.map(({ labels, samples }) => ({
      labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])),
      names: labels.map(({ name }) => name),
      value: samples[0]!.value ?? 0,
      unixMs: samples[0]!.timestamp,
    })),
  };
}
