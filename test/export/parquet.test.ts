/** Parquet files of a recording whose content is known, read by DuckDB. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExportRequest, PartitionRequest } from '../../src/export/export-request.js';
import { exportPartitions, exportRecording } from '../../src/export/formats.js';
import type { Recording } from '../../src/recording/recording.js';
import { METRICS } from '../../src/schema.js';
import { SECOND, START, unixOf } from '../recorder/synthetic.js';
import { scratch } from '../recorder/workload.js';
import { ask } from './duckdb.js';
import { KERNEL_PID, knownRecording, MAPPING_TICKS, NAMES, pidOf, smapsAt, TICKS } from './known-recording.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
const recording = knownRecording();
const OWN = METRICS.filter(({ engines }) => engines === 'all').map(({ name }) => name);

async function written(
  name: string,
  request: Partial<ExportRequest> = {},
  from: Recording = recording,
): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of exportRecording(from, { format: 'parquet', ...request })) pieces.push(piece);
  const file = folder.file(name);
  writeFileSync(file, Buffer.concat(pieces));
  return file;
}

async function partitioned(name: string, from: Recording, request: Partial<PartitionRequest> = {}): Promise<string[]> {
  const paths = new Set<string>();
  for await (const { path: file, bytes } of exportPartitions(from, { partition: ['host', 'date'], ...request })) {
    const whole = path.join(folder.path, name, file);
    mkdirSync(path.dirname(whole), { recursive: true });
    appendFileSync(whole, bytes);
    paths.add(file);
  }
  return [...paths];
}

/** The same question to the recording: nanoseconds, pid, then all metrics. */
function recordedRows(from: Recording): unknown[][] {
  const rows: unknown[][] = [];
  for (const frame of from.frames()) {
    if (frame.kind === 'gap') continue;
    for (let index = 0; index < frame.count; index++) {
      const { pid, startTicks, values, countersStatus, rollupStatus } = frame.process(index);
      const numbers = OWN.map((name) => {
        const { tier } = METRICS.find((metric) => metric.name === name)!;
        const value = tier === 'rollup' && rollupStatus === 'not-due' ? null : values[name as never];
        return value === null ? null : value > 2 ** 63 ? 2n ** 63n - 1n : BigInt(value);
      });
      rows.push([frame.timeNs, pid, BigInt(startTicks), countersStatus, rollupStatus, ...numbers]);
    }
  }
  return rows;
}

describe('samples', () => {
  it('are what the recording has, each value to the byte, and null where nothing was measured', async () => {
    const file = await written('all.parquet');
    const columns = OWN.map((name) => `CAST("${name}" AS BIGINT) AS "${name}"`).join(', ');
    const rows = await ask(
      `SELECT epoch_ns(time) AS ns, pid, start_ticks, counters_status, rollup_status, ${columns}
       FROM '${file}' ORDER BY time, pid`,
    );
    const expected = recordedRows(recording).sort(
      (a, b) => Number(a[0] as bigint) - Number(b[0] as bigint) || (a[1] as number) - (b[1] as number),
    );
    expect(rows).toHaveLength(TICKS * (NAMES.length + 1));
    expect(rows.map((row) => Object.values(row))).toEqual(expected);
    expect(rows.some(({ pss }) => pss === null) && rows.some(({ uss }) => uss === 0n)).toBe(true);
    expect(rows.filter(({ pid }) => pid === KERNEL_PID).every(({ rss }) => rss === null)).toBe(true);
  });

  it('have the sums of the recording by process and by time', async () => {
    const file = await written('sums.parquet');
    const byTime = new Map<bigint, bigint>();
    const byPid = new Map<number, bigint>();
    for (const frame of recording.frames()) {
      if (frame.kind === 'gap') continue;
      for (let index = 0; index < frame.count; index++) {
        const { pid, values } = frame.process(index);
        const rss = BigInt(values.rss ?? 0);
        byTime.set(frame.timeNs, (byTime.get(frame.timeNs) ?? 0n) + rss);
        byPid.set(pid, (byPid.get(pid) ?? 0n) + rss);
      }
    }
    const times = await ask(`SELECT epoch_ns(time) AS ns, sum(rss) AS total FROM '${file}' GROUP BY time`);
    expect(new Map(times.map(({ ns, total }) => [ns, total]))).toEqual(byTime);
    const pids = await ask(`SELECT pid, coalesce(sum(rss), 0) AS total FROM '${file}' GROUP BY pid`);
    expect(new Map(pids.map(({ pid, total }) => [pid, BigInt(String(total))]))).toEqual(byPid);
  });

  it('have names as they are, and their bytes where those are no text', async () => {
    const file = await written('names.parquet', { to: unixOf(0) });
    const rows = await ask(`SELECT pid, comm, commHex, host, boot_id FROM '${file}' WHERE pid >= 100 ORDER BY pid`);
    expect(rows).toHaveLength(NAMES.length);
    rows.forEach(({ comm, commHex, ...rest }, name) => {
      expect(rest).toEqual({ pid: pidOf(name), host: 'h', boot_id: 'boot-of-h' });
      expect(
        Buffer.from(commHex === null ? (comm as string) : (commHex as string), commHex === null ? 'utf8' : 'hex'),
      ).toEqual(Buffer.from(NAMES[name]!));
      expect(commHex === null).toBe(name < NAMES.length - 2);
    });
  });

  it('are delta-encoded, with units, host and layout in the metadata', async () => {
    const file = await written('encoded.parquet');
    const encodings = await ask(
      `SELECT path_in_schema AS name, encodings, compression FROM parquet_metadata('${file}')`,
    );
    const of = (name: string) => encodings.find((row) => row.name === name)!;
    expect(of('rss')).toMatchObject({ encodings: expect.stringContaining('DELTA_BINARY_PACKED'), compression: 'GZIP' });
    expect(of('threads').encodings).toContain('DELTA_BINARY_PACKED');
    expect(of('comm').encodings).toContain('RLE_DICTIONARY');
    const facts = await ask(`SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata('${file}')`);
    const known = Object.fromEntries(facts.map(({ key, value }) => [key, value as string]));
    expect(known).toMatchObject({ 'tidemark.layout': 'tidemark-samples-1', 'tidemark.host': 'h', 'tidemark.hz': '10' });
    const columns = JSON.parse(known['tidemark.columns']!);
    expect(columns.rss).toMatchObject({ unit: 'bytes', kind: 'gauge', source: 'statm resident', exactness: 'exact' });
    expect(columns.userTime).toMatchObject({ unit: 'nanoseconds', kind: 'counter' });
  });

  it('follow range, metrics, pids, interval and extra columns', async () => {
    const request = {
      from: unixOf(5),
      to: unixOf(24),
      metrics: ['uss', 'rss'],
      pids: [100, 103],
      every: SECOND,
    } as const;
    const file = await written('part.parquet', { ...request, extra: ['exe'] });
    const rows = await ask(`SELECT epoch_ns(time) AS ns, * EXCLUDE (time) FROM '${file}' ORDER BY ns, pid`);
    expect(rows.map(({ ns, pid }) => [ns, pid])).toEqual(
      [5, 10, 20, 22].filter((tick) => tick !== 20).flatMap((tick) => [100, 103].map((pid) => [unixOf(tick), pid])),
    );
    expect(Object.keys(rows[0]!)).toEqual(
      ['ns', 'host', 'boot_id', 'pid', 'start_ticks', 'comm', 'commHex', 'uss', 'rss', 'counters_status'].concat([
        'rollup_status',
        'rollup_age_ns',
        'step_ns',
        'exe',
        'exeHex',
      ]),
    );
    await expect(written('no.parquet', { metrics: ['size'] })).rejects.toThrow(/no metric "size"/);
    await expect(written('no.parquet', { every: 0n })).rejects.toThrow(/"every" option/);
    await expect(written('no.parquet', { table: 'x' as never })).rejects.toThrow(/"table" option.*samples, mappings/);
  });

  it('can be none', async () => {
    const file = await written('none.parquet', { from: START + 3600n * SECOND });
    expect(await ask(`SELECT count(*) AS n, sum(rss) AS rss FROM '${file}'`)).toEqual([{ n: 0n, rss: null }]);
  });
});

describe('mappings', () => {
  it('are one row per mapping and read, with their class and their sizes', async () => {
    const file = await written('maps.parquet', { table: 'mappings' });
    const rows = await ask(`SELECT * EXCLUDE (time), epoch_ns(time) AS ns FROM '${file}' ORDER BY time, pid, start`);
    expect(rows).toHaveLength(MAPPING_TICKS.length * 3 * 5);
    const own = rows.filter(({ pid }) => pid === 111).slice(-5);
    expect(own.map(({ name, perms, class: kind }) => [name, perms, kind])).toEqual([
      ['/usr/bin/prog', 'r-xp', 'text'],
      ['[heap]', 'rw-p', 'heap'],
      ['/tmp/="\ufffd\x1b[', 'r--s', 'file'],
      ['[stack]', 'rw-p', 'stack'],
      ['[vsyscall]', '--xp', 'vdso'],
    ]);
    expect(own[4]).toMatchObject({ start: 0xffffffffff600000n, end: 0xffffffffff601000n, swap: null, nameHex: null });
    expect(own[2]).toMatchObject({
      nameHex: Buffer.from('/tmp/="\xff\x1b[', 'latin1').toString('hex'),
      device: '08:01',
      inode: 9n,
    });
    expect(own[1]).toMatchObject({ privateDirty: 108n * 1024n, rss: 108n * 1024n, swap: 11n * 1024n, hold_ns: 5n });
    const text = smapsAt(11, 25).toString('latin1');
    const total = [...text.matchAll(/^Rss: (\d+)/gm)].reduce((sum, match) => sum + Number(match[1]) * 1024, 0);
    expect(own.reduce((sum, { rss }) => sum + Number(rss), 0)).toBe(total);
  });

  it('follow range, pids, interval and sizes', async () => {
    const chosen = await written('some.parquet', {
      table: 'mappings',
      pids: [100],
      metrics: ['pss'],
      from: unixOf(10),
    });
    const rows = await ask(`SELECT * FROM '${chosen}'`);
    expect(rows).toHaveLength(2 * 5);
    expect(Object.keys(rows[0]!).slice(-2)).toEqual(['hold_ns', 'pss']);
    const thin = await written('thin.parquet', { table: 'mappings', every: 2n * SECOND });
    expect(await ask(`SELECT count(*) AS n FROM '${thin}'`)).toEqual([{ n: 2n * 3n * 5n }]);
  });
});

describe('partitions', () => {
  const MIDNIGHT = 1_700_006_400n * SECOND;
  const DAY = 86_400n * SECOND;
  const fleet = [
    knownRecording({ hostname: 'web1', startNs: MIDNIGHT - SECOND }),
    knownRecording({ hostname: 'web1', startNs: MIDNIGHT + DAY }),
    knownRecording({ hostname: '../a b%=/x', startNs: MIDNIGHT }),
  ];
  const files: string[] = [];

  beforeAll(async () => {
    for (const one of fleet) files.push(...(await partitioned('fleet', one)));
  });

  it('lie in folders by host and day, whatever a host calls itself, under a name for each recording', () => {
    const folders = files.map((file) => path.dirname(file));
    expect(folders).toEqual([
      'samples/host=web1/date=2023-11-14',
      'samples/host=web1/date=2023-11-15',
      'samples/host=web1/date=2023-11-16',
      'samples/host=..%2Fa%20b%25%3D%2Fx/date=2023-11-15',
    ]);
    for (const file of files) expect(path.basename(file)).toMatch(/^2023111\dT\d{6}Z-[0-9a-f]{8}\.parquet$/);
    expect(new Set(files.map((file) => path.basename(file))).size).toBe(fleet.length);
  });

  it('are the same names when they are exported again', async () => {
    expect(await partitioned('again', fleet[0]!)).toEqual(files.slice(0, 2));
  });

  it('of three recordings answer one statement', async () => {
    const rows = await ask(
      `SELECT host, date::VARCHAR AS date, count(*) AS n, sum(rss)::BIGINT AS rss
       FROM '${folder.path}/fleet/samples/**/*.parquet' GROUP BY ALL ORDER BY ALL`,
    );
    const sums = fleet.map((one) =>
      recordedRows(one).reduce((sum, row) => sum + ((row[5] as bigint | null) ?? 0n), 0n),
    );
    const of = (host: string) =>
      rows.filter((row) => row.host === host).reduce((sum, { rss }) => sum + (rss as bigint), 0n);
    expect(of('web1')).toBe(sums[0]! + sums[1]!);
    expect(of('../a b%=/x')).toBe(sums[2]);
    const perTick = BigInt(NAMES.length + 1);
    expect(rows.map(({ host, date, n }) => [host, date, n])).toEqual([
      ['../a b%=/x', '2023-11-15', BigInt(TICKS) * perTick],
      ['web1', '2023-11-14', 10n * perTick],
      ['web1', '2023-11-15', BigInt(TICKS - 10) * perTick],
      ['web1', '2023-11-16', BigInt(TICKS) * perTick],
    ]);
  });

  it('answer the questions of the documentation', async () => {
    const text = readFileSync(new URL('../../docs/exports.md', import.meta.url), 'utf8');
    const queries = [...text.matchAll(/```sql\n(.*?)```/gs)].map((match) => match[1]!);
    expect(queries).toHaveLength(5);
    await written('night.parquet');
    await written('night.mappings.parquet', { table: 'mappings' });
    const answers = [];
    for (const query of queries) answers.push(await ask(query.replaceAll(/'(?=night|fleet)/g, `'${folder.path}/`)));
    const [peaks, growth, rates, classes, hours] = answers as [never, never, never, never, never] &
      Record<string, unknown>[][];
    expect(peaks[0]).toEqual({ comm: 'a\ufffd', peak: BigInt((1000 + 11 * 17 + 6 * 11) * 4096) });
    expect(growth).toHaveLength(10);
    expect(growth[0]).toMatchObject({ pid: 111, growth: BigInt(11 * 4096) });
    expect((rates as Record<string, number>[])[0]!.cores).toBeCloseTo((29 * 0.01) / 3.1, 6);
    expect((rates as Record<string, number>[])[0]!.faults_per_second).toBeCloseTo((29 * 3) / 3.1, 6);
    expect(classes).toEqual([
      { class: 'heap', mappings: 1n, pss: 108n * 1024n, swap: 0n },
      { class: 'stack', mappings: 1n, pss: 16384n, swap: null },
      { class: 'text', mappings: 1n, pss: 8192n, swap: null },
      { class: 'file', mappings: 1n, pss: 2048n, swap: null },
      { class: 'vdso', mappings: 1n, pss: 0n, swap: null },
    ]);
    expect((hours as { host: string }[]).map(({ host }) => host)).toEqual(['../a b%=/x', 'web1', 'web1', 'web1']);
  });
});
