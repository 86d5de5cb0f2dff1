/** Perfetto traces of recordings whose content is known, looked at packet by packet. */
import { mergeRecordings } from 'tidemark';
import { afterAll, describe, expect, it } from 'vitest';
import type { ExportRequest } from '../../src/export/export-request.js';
import { exportRecording } from '../../src/export/formats.js';
import { openRecording, type Recording } from '../../src/recording/recording.js';
import { Author, MONOTONIC, SECOND, START, someone, unixOf } from '../recorder/synthetic.js';
import { scratch } from '../recorder/workload.js';
import { KERNEL_PID, knownRecording, MAPPING_TICKS, NAMES, pidOf, TICKS, valuesAt } from './known-recording.js';
import { type DecodedPacket, decodeTrace } from './perfetto-trace.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());

async function traceOf(recording: Recording, request: Partial<ExportRequest> = {}): Promise<DecodedPacket[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of exportRecording(recording, { format: 'perfetto', ...request })) pieces.push(piece);
  return decodeTrace(Buffer.concat(pieces));
}

const recording = knownRecording();
const packets = await traceOf(recording);
type Kind = keyof DecodedPacket;
type WithKind<K extends Kind> = DecodedPacket & Required<Pick<DecodedPacket, K>>;
const kindsOf = <K extends Kind>(list: DecodedPacket[], kind: K) =>
  list.filter((packet): packet is WithKind<K> => packet[kind] !== undefined);
const monotonicOf = (tick: number) => `${MONOTONIC + BigInt(tick) * (SECOND / 10n)}`;

describe('the packets', () => {
  it('begin with the clocks, and bear monotonic times in their order', () => {
    expect(packets[0]).toEqual({
      timestamp: `${MONOTONIC}`,
      timestamp_clock_id: 3,
      trusted_packet_sequence_id: 1,
      clock_snapshot: {
        clocks: [
          { clock_id: 1, timestamp: `${START}` },
          { clock_id: 3, timestamp: `${MONOTONIC}` },
          { clock_id: 6, timestamp: '0' },
        ],
        primary_trace_clock: 3,
      },
    });
    const timed = packets.filter(({ timestamp }) => timestamp !== undefined);
    expect(timed.every(({ timestamp_clock_id }) => timestamp_clock_id === 3)).toBe(true);
    const times = timed.map(({ timestamp }) => BigInt(timestamp!));
    expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    expect(new Set(packets.map((packet) => packet.trusted_packet_sequence_id))).toEqual(new Set([1]));
  });

  it('tell of each process once, with its name as text', () => {
    const trees = kindsOf(packets, 'process_tree').map(({ process_tree }) => process_tree);
    expect(trees).toHaveLength(NAMES.length + 1);
    const of = (pid: number) => trees.find(({ processes }) => processes[0].pid === pid);
    for (const [name, bytes] of NAMES.entries()) {
      const text = Buffer.from(bytes).toString();
      expect(of(pidOf(name))).toEqual({
        processes: [{ pid: pidOf(name), ppid: 1, cmdline: [text] }],
        threads: [{ tid: pidOf(name), name: text, tgid: pidOf(name) }],
      });
    }
    expect(of(KERNEL_PID)!.processes[0]!.cmdline).toEqual(['kthreadd']);
  });

  it('have the counters of every tick at which they changed, and none that was not measured', () => {
    const stats = kindsOf(packets, 'process_stats');
    const now = new Map<number, Record<string, unknown>>();
    let at = 0;
    for (const tick of Array.from({ length: TICKS }, (_, index) => (index < 20 ? index : index + 2))) {
      const step = tick > 20 ? tick - 2 : tick;
      if (stats[at]?.timestamp === monotonicOf(tick)) {
        const { processes, collection_end_timestamp } = stats[at++]!.process_stats;
        expect(collection_end_timestamp).toBe(`${BigInt(monotonicOf(tick)) + 1000n}`);
        for (const { pid, ...values } of processes) now.set(pid, { ...now.get(pid), ...values });
      }
      for (const name of NAMES.keys()) {
        const values = valuesAt(name, step);
        expect(now.get(pidOf(name))).toMatchObject({
          vm_rss_kb: `${values.rss! / 1024}`,
          rss_anon_kb: `${values.rssAnon! / 1024}`,
          runtime_user_mode: `${values.userTime}`,
        });
      }
    }
    expect(at).toBe(stats.length);
    expect(now.get(KERNEL_PID)).toEqual({ runtime_user_mode: '10000000' });
    expect(now.get(pidOf(0))).toMatchObject({ smr_pss_kb: '24', smr_swap_pss_kb: '2' });
    expect(now.get(pidOf(1))).not.toHaveProperty('smr_pss_kb');
    // What did not change is told once.
    const told = stats.flatMap(({ process_stats }) => process_stats.processes).filter(({ pid }) => pid === pidOf(0));
    expect(told.filter((values) => 'rss_anon_kb' in values)).toHaveLength(1);
  });

  it('have what statistics have no field for as counters of the process', () => {
    const tracks = kindsOf(packets, 'track_descriptor').map(({ track_descriptor }) => track_descriptor);
    const parent = tracks.find(({ process }) => process?.pid === pidOf(3));
    const faults = tracks.find(({ name, parent_uuid }) => name === 'minorFaults' && parent_uuid === parent!.uuid);
    expect(faults!.counter).toEqual({ unit: 2 });
    const values = kindsOf(packets, 'track_event')
      .filter(({ track_event }) => track_event.track_uuid === faults!.uuid)
      .map(({ track_event }) => [track_event.type, track_event.counter_value]);
    expect(values).toEqual(Array.from({ length: TICKS }, (_, tick) => [4, `${valuesAt(3, tick).minorFaults}`]));
    const uss = tracks.find(({ name, parent_uuid }) => name === 'uss' && parent_uuid === parent!.uuid);
    expect(uss!.counter).toEqual({ unit: 3 });
  });

  it('have the mappings of each read', () => {
    const smaps = kindsOf(packets, 'smaps_packet');
    expect(smaps).toHaveLength(MAPPING_TICKS.length * 3);
    const { pid, entries } = smaps.at(-1)!.smaps_packet;
    expect(pid).toBe(pidOf(11));
    expect(entries).toEqual([
      {
        path: '/usr/bin/prog',
        start_address: `${0x400000}`,
        protection_flags: 5,
        size_kb: '64',
        private_clean_resident_kb: '4',
        proportional_resident_kb: '8',
      },
      {
        path: '[heap]',
        start_address: `${0x1000000}`,
        protection_flags: 3,
        size_kb: '228',
        private_dirty_kb: '108',
        swap_kb: '11',
        proportional_resident_kb: '108',
      },
      {
        path: '/tmp/="\ufffd\x1b[',
        start_address: `${0x7f0000000000}`,
        protection_flags: 1,
        size_kb: '4',
        proportional_resident_kb: '2',
      },
      {
        path: '[stack]',
        start_address: `${0x7ffffffde000}`,
        protection_flags: 3,
        size_kb: '132',
        private_dirty_kb: '16',
        proportional_resident_kb: '16',
      },
      {
        path: '[vsyscall]',
        start_address: `${0xffffffffff600000n}`,
        protection_flags: 4,
        size_kb: '4',
        proportional_resident_kb: '0',
      },
    ]);
  });

  it('have marks as instants and spans as slices, on another track where they cross', () => {
    const tracks = new Map(
      kindsOf(packets, 'track_descriptor').map(({ track_descriptor }) => [
        track_descriptor.uuid,
        track_descriptor.name,
      ]),
    );
    const events = kindsOf(packets, 'track_event')
      .filter(({ track_event }) => track_event.type !== 4)
      .map(({ timestamp, track_event: { type, name, track_uuid } }) => [timestamp, type, name, tracks.get(track_uuid)]);
    expect(events).toEqual([
      [monotonicOf(8), 3, 'a "mark"', 'marks'],
      [monotonicOf(10), 1, 'outer', 'spans'],
      [monotonicOf(12), 1, 'crossing', 'spans'],
      [monotonicOf(14), 2, undefined, 'spans'],
      [monotonicOf(16), 2, undefined, 'spans'],
      [monotonicOf(20), 3, '2 missed: late', 'missed ticks'],
    ]);
    const spans = kindsOf(packets, 'track_event').filter(({ track_event }) => [1, 2].includes(track_event.type));
    const uuids = spans.map(({ track_event }) => track_event.track_uuid);
    expect(uuids).toEqual([uuids[0], uuids[1], uuids[0], uuids[1]]);
    expect(uuids[0]).not.toBe(uuids[1]);
  });
});

describe('options', () => {
  it('choose range, metrics and processes', async () => {
    const part = await traceOf(recording, { from: unixOf(9), to: unixOf(16), metrics: ['rss'], pids: [pidOf(1)] });
    const stats = kindsOf(part, 'process_stats');
    expect(stats.flatMap(({ process_stats }) => process_stats.processes.map(Object.keys))).toEqual(
      stats.map(() => ['pid', 'vm_rss_kb']),
    );
    expect(
      new Set(stats.flatMap(({ process_stats }) => process_stats.processes.map(({ pid }: { pid: number }) => pid))),
    ).toEqual(new Set([pidOf(1)]));
    expect(stats[0]!.timestamp).toBe(monotonicOf(9));
    expect(kindsOf(part, 'smaps_packet')).toHaveLength(1);
    expect(kindsOf(part, 'track_event').map(({ track_event }) => track_event.type)).toEqual([1, 1, 2, 2]);
  });
});

describe('several hosts', () => {
  it('are told apart by the machine, with times of the real clock', async () => {
    const inputs = ['one', 'two'].map((hostname) => {
      const author = new Author({ metadata: { host: { ...recording.metadata.host, hostname, bootId: hostname } } });
      author.arrive(0, someone(77, hostname));
      author.set(0, { rss: hostname === 'one' ? 1024 : 2048 });
      author.sweep();
      author.close();
      return author.open();
    });
    const file = folder.file('merged.tide');
    mergeRecordings(inputs as never, file);
    using merged = openRecording(file);
    const trace = await traceOf(merged, { metrics: ['rss'] });
    const stats = kindsOf(trace, 'process_stats');
    expect(
      stats.map(({ machine_id, timestamp, timestamp_clock_id, process_stats }) => [
        machine_id,
        timestamp,
        timestamp_clock_id,
        process_stats.processes,
      ]),
    ).toEqual([
      [undefined, `${START}`, 1, [{ pid: 77, vm_rss_kb: '1' }]],
      [1, `${START}`, 1, [{ pid: 77, vm_rss_kb: '2' }]],
    ]);
    expect(trace[0]!.clock_snapshot).toEqual({
      clocks: [{ clock_id: 1, timestamp: `${START}` }],
      primary_trace_clock: 1,
    });
  });
});
