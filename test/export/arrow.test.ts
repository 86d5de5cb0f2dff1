/**
 * Arrow IPC of a recording whose content is known, read by Flechette, which was written independently, and by the reader of
 * Arrow's own library; the stream by DuckDB too.
 */
import { tableFromIPC as read } from '@uwdata/flechette';
import { MessageReader, RecordBatchReader, tableFromIPC } from 'apache-arrow';
import { describe, expect, it } from 'vitest';
import type { ExportRequest } from '../../src/export/export-request.js';
import { exportRecording } from '../../src/export/formats.js';
import { METRICS } from '../../src/schema.js';
import { Author, START, someone, unixOf } from '../recorder/synthetic.js';
import { askArrow } from './duckdb-arrow.js';
import { knownRecording, MAPPING_TICKS, NAMES, pidOf, TICKS } from './known-recording.js';

const recording = knownRecording();
const FORMS = ['arrow', 'arrow-stream'] as const;

async function bytesOf(request: Partial<ExportRequest>, from = recording): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of exportRecording(from, { format: 'arrow', ...request })) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function rowsOf(request: Partial<ExportRequest>, from = recording): Promise<Record<string, unknown>[]> {
  const options = { useBigInt: true, useTimestamp: false, useDate: false, useDecimalInt: true } as const;
  return read(await bytesOf(request, from), options).toArray() as Record<string, unknown>[];
}

describe.each(FORMS)('%s', (format) => {
  it('is what the recording has, each value to the byte, and null where nothing was measured', async () => {
    const rows = await rowsOf({ format });
    let at = 0;
    for (const frame of recording.frames()) {
      if (frame.kind === 'gap') continue;
      for (let index = 0; index < frame.count; index++) {
        const { pid, startTicks, values, rollupStatus, countersStatus } = frame.process(index);
        const row = rows[at++]!;
        expect(row).toMatchObject({ pid, start_ticks: BigInt(startTicks), counters_status: countersStatus });
        for (const { name, tier, engines, unit } of METRICS) {
          if (engines !== 'all') continue;
          const value = tier === 'rollup' && rollupStatus === 'not-due' ? null : values[name];
          const whole = value === null ? null : value > 2 ** 63 ? 2n ** 63n - 1n : BigInt(value);
          expect({ name, value: row[name] }).toEqual({
            name,
            value: unit === 'pid' && whole !== null ? Number(whole) : whole,
          });
        }
      }
    }
    expect(at).toBe(rows.length);
    expect(at).toBe(TICKS * (NAMES.length + 1));
  });

  it('has times in nanoseconds, and names as dictionaries', async () => {
    const own = tableFromIPC(await bytesOf({ format }));
    expect(own.numRows).toBe(TICKS * (NAMES.length + 1));
    expect(String(own.schema.fields[0]!.type)).toBe('Timestamp<NANOSECOND, UTC>');
    const times = own.getChild('time')!.data[0]!.values as BigInt64Array;
    expect(times[0]).toBe(unixOf(0));
    expect(times[times.length - 1]).toBe(unixOf(TICKS + 1));
    for (const name of ['host', 'boot_id', 'comm', 'commHex', 'counters_status', 'rollup_status']) {
      expect(String(own.schema.fields.find((field) => field.name === name)!.type)).toBe('Dictionary<Int32, Utf8>');
    }
    const comms = own.getChild('comm')!;
    const first = Array.from({ length: NAMES.length }, (_, index) => Buffer.from(comms.get(index)));
    const shown = NAMES.map((name) => Buffer.from(Buffer.from(name).toString()));
    expect(first).toEqual(shown);
  });

  it('has units, host and layout in its metadata', async () => {
    const { schema } = tableFromIPC(await bytesOf({ format }));
    expect(schema.metadata.get('tidemark.layout')).toBe('tidemark-samples-1');
    expect(schema.metadata.get('tidemark.host')).toBe('h');
    const { metadata, nullable } = schema.fields.find(({ name }) => name === 'pss')!;
    expect(nullable).toBe(true);
    expect(Object.fromEntries(metadata)).toMatchObject({
      unit: 'bytes',
      exactness: 'floored',
      source: 'smaps_rollup Pss',
    });
  });

  it('has the mappings, addresses to the last bit', async () => {
    const rows = await rowsOf({ format, table: 'mappings' });
    expect(rows).toHaveLength(MAPPING_TICKS.length * 3 * 5);
    expect(rows.at(-1)).toMatchObject({ start: 0xffffffffff600000n, name: '[vsyscall]', class: 'vdso', swap: null });
  });

  it('follows range, metrics and pids, and can be none', async () => {
    const rows = await rowsOf({ format, from: unixOf(3), to: unixOf(6), metrics: ['uss'], pids: [103] });
    expect(rows.map(({ pid, uss }) => [pid, uss])).toEqual([3, 4, 5, 6].map((tick) => [103, tick === 4 ? 0n : null]));
    const none = tableFromIPC(await bytesOf({ format, from: START + 10n ** 15n }));
    expect([none.numRows, none.schema.fields[0]!.name]).toEqual([0, 'time']);
  });
});

describe('DuckDB', () => {
  const SUMMED = ['rss', 'minorFaults', 'userTime', 'threads', 'pss', 'uss', 'swap'] as const;
  const sums = SUMMED.map((name) => `sum(${name})::VARCHAR AS "${name}"`).join(', ');

  /** The same sums of the recording; null where nothing was measured. */
  function sumsOf(keyOf: (timeNs: bigint, pid: number) => string): Map<string, Record<string, string | null>> {
    const groups = new Map<string, Record<string, string | null>>();
    for (const frame of recording.frames()) {
      if (frame.kind === 'gap') continue;
      for (let index = 0; index < frame.count; index++) {
        const { pid, values, rollupStatus } = frame.process(index);
        const key = keyOf(frame.timeNs, pid);
        const group = groups.get(key) ?? Object.fromEntries(SUMMED.map((name) => [name, null]));
        for (const name of SUMMED) {
          const isRollup = METRICS.find((metric) => metric.name === name)!.tier === 'rollup';
          const value = isRollup && rollupStatus === 'not-due' ? null : values[name];
          if (value !== null) group[name] = String(BigInt(group[name] ?? 0) + BigInt(value));
        }
        groups.set(key, group);
      }
    }
    return groups;
  }

  it.each([
    ['process', 'pid::VARCHAR', (_: bigint, pid: number) => String(pid)],
    ['time', 'epoch_us(time)::VARCHAR', (timeNs: bigint) => String(timeNs / 1000n)],
  ] as const)('sums up by %s what the recording has, to the byte', async (_, key, keyOf) => {
    const stream = await bytesOf({ format: 'arrow-stream' });
    const rows = await askArrow(stream, `SELECT ${key} AS key, ${sums} FROM samples GROUP BY ALL`);
    expect(new Map(rows.map(({ key, ...row }) => [key, row]))).toEqual(sumsOf(keyOf));
    expect(rows.length).toBeGreaterThan(NAMES.length);
  });

  it('has all names, as they are', async () => {
    const stream = await bytesOf({ format: 'arrow-stream', metrics: ['rss'] });
    const rows = await askArrow(stream, 'SELECT DISTINCT pid, comm FROM samples WHERE pid >= 100 ORDER BY pid');
    const shown = NAMES.map((name, index) => ({ pid: pidOf(index), comm: Buffer.from(name).toString() }));
    expect(rows).toEqual(shown);
  });
});

/** Dictionaries that are told whole, and additions to them. */
function additionsIn(stream: Uint8Array): { additions: number; dictionaries: number } {
  let [additions, dictionaries] = [0, 0];
  const reader = new MessageReader(stream);
  for (const message of reader) {
    if (message.isDictionaryBatch()) {
      if (message.header().isDelta) additions++;
      else dictionaries++;
    }
    reader.readMessageBody(message.bodyLength);
  }
  return { additions, dictionaries };
}

describe('names that come late', () => {
  const author = new Author({ sizeBytes: 2 ** 24 });
  // More than two batches of rows, and a new name in each.
  for (let slot = 0; slot < 1000; slot++) author.arrive(slot, someone(pidOf(slot), 'early'));
  for (let tick = 0; tick < 80; tick++) {
    if (tick % 30 === 20) {
      author.depart(tick);
      author.arrive(tick, someone(50_000 + tick, `late ${tick}`));
    }
    author.sweep();
  }
  author.close();
  const long = author.open();

  it('are whole before the first batch of a file, and added to a stream', async () => {
    for (const format of FORMS) {
      const bytes = await bytesOf({ format, metrics: ['rss'] }, long);
      const batches = [...RecordBatchReader.from(bytes)];
      expect(batches.length).toBeGreaterThan(2);
      const rows = await rowsOf({ format, metrics: ['rss'] }, long);
      expect(rows).toHaveLength(80_000);
      expect(new Set(rows.slice(-1000).map(({ comm }) => comm))).toEqual(new Set(['early', 'late 20', 'late 50']));
    }
    // Behind the magic of a file there is a stream.
    const file = additionsIn((await bytesOf({ metrics: ['rss'] }, long)).subarray(8));
    expect(file).toEqual({ additions: 0, dictionaries: 6 });
    const stream = additionsIn(await bytesOf({ format: 'arrow-stream', metrics: ['rss'] }, long));
    expect(stream).toEqual({ additions: 1, dictionaries: 6 });
  });
});
