/** Perfetto traces decoded by a protobuf library, with the public names and numbers of the fields that are looked at. */
import protobuf from 'protobufjs';

const SCHEMA = `
syntax = "proto2";
message Trace { repeated TracePacket packet = 1; }
message TracePacket {
  optional ProcessTree process_tree = 2;
  optional ClockSnapshot clock_snapshot = 6;
  optional uint64 timestamp = 8;
  optional ProcessStats process_stats = 9;
  optional uint32 trusted_packet_sequence_id = 10;
  optional TrackEvent track_event = 11;
  optional uint32 timestamp_clock_id = 58;
  optional TrackDescriptor track_descriptor = 60;
  optional SmapsPacket smaps_packet = 68;
  optional uint32 machine_id = 98;
}
message ProcessTree {
  message Process { optional int32 pid = 1; optional int32 ppid = 2; repeated string cmdline = 3; }
  message Thread { optional int32 tid = 1; optional string name = 2; optional int32 tgid = 3; }
  repeated Process processes = 1;
  repeated Thread threads = 2;
}
message ProcessStats {
  message Process {
    optional int32 pid = 1;
    optional uint64 vm_size_kb = 2;
    optional uint64 vm_rss_kb = 3;
    optional uint64 rss_anon_kb = 4;
    optional uint64 rss_file_kb = 5;
    optional uint64 rss_shmem_kb = 6;
    optional uint64 vm_swap_kb = 7;
    optional uint64 vm_locked_kb = 8;
    optional uint64 vm_hwm_kb = 9;
    optional uint64 smr_pss_kb = 17;
    optional uint64 smr_pss_anon_kb = 18;
    optional uint64 smr_pss_file_kb = 19;
    optional uint64 smr_pss_shmem_kb = 20;
    optional uint64 runtime_user_mode = 21;
    optional uint64 runtime_kernel_mode = 22;
    optional uint64 smr_swap_pss_kb = 23;
  }
  repeated Process processes = 1;
  optional uint64 collection_end_timestamp = 2;
}
message ClockSnapshot {
  message Clock { optional uint32 clock_id = 1; optional uint64 timestamp = 2; }
  repeated Clock clocks = 1;
  optional int32 primary_trace_clock = 2;
}
message SmapsEntry {
  optional string path = 1;
  optional uint64 size_kb = 2;
  optional uint64 private_dirty_kb = 3;
  optional uint64 swap_kb = 4;
  optional uint64 start_address = 6;
  optional uint32 protection_flags = 10;
  optional uint64 private_clean_resident_kb = 11;
  optional uint64 shared_dirty_resident_kb = 12;
  optional uint64 shared_clean_resident_kb = 13;
  optional uint64 locked_kb = 14;
  optional uint64 proportional_resident_kb = 15;
}
message SmapsPacket { optional uint32 pid = 1; repeated SmapsEntry entries = 2; }
message TrackEvent {
  optional int32 type = 9;
  optional uint64 track_uuid = 11;
  optional string name = 23;
  optional int64 counter_value = 30;
  optional double double_counter_value = 44;
}
message ProcessDescriptor { optional int32 pid = 1; }
message CounterDescriptor { optional int32 unit = 3; }
message TrackDescriptor {
  optional uint64 uuid = 1;
  optional string name = 2;
  optional ProcessDescriptor process = 3;
  optional uint64 parent_uuid = 5;
  optional CounterDescriptor counter = 8;
}
`;

/** A packet by its fields; 64-bit numbers are decimal strings. */
export interface DecodedPacket {
  readonly timestamp?: string;
  readonly timestamp_clock_id?: number;
  readonly trusted_packet_sequence_id?: number;
  readonly machine_id?: number;
  readonly process_tree?: {
    readonly processes: readonly { readonly pid: number; readonly cmdline: readonly string[] }[];
    readonly threads: readonly object[];
  };
  readonly clock_snapshot?: object;
  readonly process_stats?: {
    readonly processes: readonly ({ readonly pid: number } & Readonly<Record<string, unknown>>)[];
    readonly collection_end_timestamp: string;
  };
  readonly track_event?: {
    readonly type: number;
    readonly track_uuid: string;
    readonly name?: string;
    readonly counter_value?: string;
    readonly double_counter_value?: number;
  };
  readonly track_descriptor?: {
    readonly uuid: string;
    readonly name?: string;
    readonly parent_uuid?: string;
    readonly process?: { readonly pid: number };
    readonly counter?: object;
  };
  readonly smaps_packet?: { readonly pid: number; readonly entries: readonly object[] };
}

const Trace = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('Trace');

/** Every packet in its order. Throws where the bytes are no trace, and where a packet has a field that is not known here. */
export function decodeTrace(bytes: Uint8Array): DecodedPacket[] {
  const options = { longs: String, arrays: false } as const;
  const { packet } = Trace.toObject(Trace.decode(bytes), options) as { packet: DecodedPacket[] };
  // Written again, what was skipped is not there any more.
  const again = Trace.encode(Trace.fromObject({ packet })).finish();
  if (again.length !== bytes.length) throw new Error(`${bytes.length - again.length} bytes are of unknown fields`);
  return packet;
}
