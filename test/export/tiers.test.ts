/** The host and control groups in the formats: the same values as the library gives, and nothing where nothing was measured. */
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { ExportRequest } from '../../src/export/export-request.js';
import { exportRecording } from '../../src/export/formats.js';
import { startTidemark } from '../recorder/command.js';
import { unixOf } from '../recorder/synthetic.js';
import { recordTiers } from '../recorder/synthetic-tiers.js';
import { scratch } from '../recorder/workload.js';
import { ask } from './duckdb.js';
import { decodeTrace } from './perfetto-trace.js';
import { backfill } from './prometheus.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
const author = recordTiers();
const recording = author.open();

async function bytesOf(request: ExportRequest): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of exportRecording(recording, request)) pieces.push(piece.slice());
  return Buffer.concat(pieces);
}

const linesOf = async (request: ExportRequest) => (await bytesOf(request)).toString().trimEnd().split('\n');

describe('the host', () => {
  it('is a table as CSV, empty where a sweep did not look', async () => {
    const lines = await linesOf({ format: 'csv', table: 'host', metrics: ['hostMemFree', 'hostOomKills'] });
    expect(lines.length).toBe(201);
    expect(lines[0]).toBe('time_unix_ns,host,boot_id,hostMemFree,hostOomKills,status');
    expect(lines[58]).toBe(`${unixOf(57)},h,,${57 * 4096},,ok`);
    expect(lines[51]).toBe(`${unixOf(50)},h,,${50 * 4096},50,ok`);
  });

  it('is a table as JSON lines, null where nothing was measured', async () => {
    const lines = await linesOf({ format: 'jsonl', table: 'host', from: unixOf(50), to: unixOf(51) });
    const [whole, quick] = lines.map((line) => JSON.parse(line));
    expect(lines.length).toBe(2);
    expect(whole).toMatchObject({
      time_unix_ns: `${unixOf(50)}`,
      hostOomKills: 50,
      hostMemorySome10: 0.5,
      status: 'ok',
    });
    expect([quick.hostOomKills, quick.hostBounce, quick.hostMemFree]).toEqual([null, null, 51 * 4096]);
  });

  it('has a row in each interval', async () => {
    const lines = await linesOf({ format: 'csv', table: 'host', every: 1_000_000_000n, metrics: ['hostMemFree'] });
    expect(lines.slice(1).map((line) => Number(line.split(',')[3]) / 4096)).toEqual(
      Array.from({ length: 20 }, (_, index) => index * 10),
    );
  });
});

describe('control groups', () => {
  it('are a table as CSV and JSON lines, with limits that are none', async () => {
    const metrics = ['cgroupCurrent', 'cgroupMax'];
    const csv = await linesOf({ format: 'csv', table: 'cgroup', metrics, from: unixOf(125), to: unixOf(125) });
    expect(csv).toEqual([
      'time_unix_ns,host,boot_id,path,hierarchy,inode,cgroupCurrent,cgroupMax,status',
      `${unixOf(125)},h,,/,2,1,${375 * 4096},inf,ok`,
      `${unixOf(125)},h,,/pod,2,71,${377 * 4096},inf,ok`,
    ]);
    const jsonl = await linesOf({ format: 'jsonl', table: 'cgroup', metrics, from: unixOf(120), to: unixOf(120) });
    expect(jsonl.map((line) => JSON.parse(line))[1]).toEqual({
      ...{ time_unix_ns: `${unixOf(120)}`, host: 'h', boot_id: '', path: '/user.slice/zanzibar', hierarchy: 2 },
      ...{ inode: '70', cgroupCurrent: null, cgroupMax: null, status: 'gone' },
    });
    expect(JSON.parse(jsonl[0]!)).toMatchObject({ cgroupMax: 'max' });
  });
});

describe.each(['parquet', 'arrow'] as const)('%s', (format) => {
  it('has both tables, as another program reads them', async () => {
    if (format === 'arrow') {
      const { tableFromIPC } = await import('apache-arrow');
      const table = tableFromIPC(await bytesOf({ format, table: 'host' }));
      expect(table.numRows).toBe(200);
      expect(Number(table.getChild('hostMemFree')!.get(57))).toBe(57 * 4096);
      expect(table.getChild('hostOomKills')!.get(57)).toBeNull();
      expect(table.getChild('hostMemorySome10')!.get(50)).toBe(0.5);
      const groups = tableFromIPC(await bytesOf({ format, table: 'cgroup' }));
      expect(groups.getChild('cgroupMax')!.get(0)).toBe(Number.POSITIVE_INFINITY);
      expect(String(groups.getChild('path')!.get(1))).toBe('/user.slice/zanzibar');
      return;
    }
    const host = folder.file('host.parquet');
    writeFileSync(host, await bytesOf({ format, table: 'host' }));
    const rows = await ask(
      `SELECT count(*) n, count(hostOomKills) k, max(hostMemFree) m, max(hostMemorySome10) s, count(hostBounce) b FROM read_parquet('${host}')`,
    );
    expect(rows.map((row) => Object.values(row).map(Number))).toEqual([[200, 20, 199 * 4096, 1.9, 0]]);
    const groups = folder.file('groups.parquet');
    writeFileSync(groups, await bytesOf({ format, table: 'cgroup' }));
    const found = await ask(
      `SELECT path, inode, count(cgroupCurrent) n, max(cgroupMax) m FROM read_parquet('${groups}') GROUP BY ALL ORDER BY inode`,
    );
    expect(found.map((row) => Object.values(row).map(String))).toEqual([
      ['/', '1', '200', 'Infinity'],
      ['/user.slice/zanzibar', '70', '120', 'Infinity'],
      ['/pod', '71', '200', 'Infinity'],
      ['/user.slice/zanzibar', '90', '70', 'Infinity'],
    ]);
  });
});

describe('tidemark export', () => {
  it('takes --table host and cgroup, and says what does not go together', async () => {
    const file = folder.file('tiers.tide');
    writeFileSync(file, new Uint8Array(author.buffer));
    const run = async (...words: string[]) => await startTidemark(['export', file, ...words], folder.path).ended;
    const good = await run('--format', 'csv', '--table', 'host', '--metric', 'hostMemFree', '--every', '10s');
    expect(good).toMatchObject({ code: 0, stdout: expect.stringContaining(`${unixOf(100)},h,,409600,ok`) });
    const refusals: [string[], string][] = [
      [['--format', 'pprof', '--table', 'host'], '--table host: only for parquet, arrow, arrow-stream, csv, jsonl'],
      [['--format', 'csv', '--table', 'mappings'], '--table mappings: only for parquet, arrow, arrow-stream'],
      [['--format', 'csv', '--table', 'host', '--pid', '1'], '--pid: with --table host there are no processes'],
      [['--format', 'csv', '--table', 'host', '--metric', 'rss'], '--metric: rss is no metric of host'],
      [['--format', 'csv', '--metric', 'hostMemFree'], 'hostMemFree is no metric of processes; give --table host'],
      [['--format', 'csv', '--metric', 'hostMem'], '"hostMem" is not a metric'],
    ];
    for (const [words, sentence] of refusals) {
      const { code, stderr } = await run(...words);
      expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
    }
  });
});

describe('openmetrics', () => {
  it('has a family for each metric of both, and series of what was measured', async () => {
    const lines = await linesOf({ format: 'openmetrics', from: unixOf(49), to: unixOf(51) });
    const of = (name: string) => lines.filter((line) => line.startsWith(`${name}{`));
    const at = (tick: number) =>
      `${unixOf(tick) / 1_000_000_000n}.${String(unixOf(tick) % 1_000_000_000n).padStart(9, '0')}`;
    expect(lines).toContain('# TYPE host_oom_kills counter');
    expect(of('host_oom_kills_total')).toEqual([`host_oom_kills_total{host="h",boot_id=""} 50 ${at(50)}`]);
    expect(of('host_mem_free_bytes').length).toBe(3);
    expect(of('host_memory_some10_percent')).toContain(`host_memory_some10_percent{host="h",boot_id=""} 0.5 ${at(50)}`);
    expect(of('host_bounce_bytes')).toEqual([]);
    const pod = 'host="h",boot_id="",path="/pod",hierarchy="2",inode="71"';
    expect(of('cgroup_current_bytes').filter((line) => line.includes('/pod'))).toEqual(
      [49, 50, 51].map((tick) => `cgroup_current_bytes{${pod}} ${(tick * 3 + 2) * 4096} ${at(tick)}`),
    );
    expect(of('cgroup_max_bytes')[0]).toMatch(/ \+Inf /);
    expect(lines.at(-1)).toBe('# EOF');
    // And promtool takes it.
    const text = folder.file('tiers.om');
    writeFileSync(text, await bytesOf({ format: 'openmetrics' }));
    backfill(text, folder.file('blocks'));
    const some = await linesOf({ format: 'openmetrics', metrics: ['rss'] });
    expect(some.some((line) => line.includes('host_mem_free'))).toBe(false);
  });
});

describe('perfetto', () => {
  it('has counter tracks of both, told when they change', async () => {
    const packets = decodeTrace(await bytesOf({ format: 'perfetto' }));
    const tracks = packets.flatMap(({ track_descriptor: track }) => (track ? [track] : []));
    const names = new Map(tracks.map(({ uuid, name }) => [uuid, name]));
    const valuesOf = (parent: string, name: string) => {
      const track = tracks.find((one) => one.name === name && names.get(one.parent_uuid ?? '') === parent)!;
      return packets.flatMap(({ track_event: event }) =>
        event?.track_uuid === track.uuid ? [Number(event.double_counter_value ?? event.counter_value)] : [],
      );
    };
    expect(valuesOf('host', 'hostMemFree')).toEqual(Array.from({ length: 200 }, (_, tick) => tick * 4096));
    expect(valuesOf('host', 'hostMemTotal')).toEqual([2 ** 34]);
    expect(valuesOf('host', 'hostMemorySome10').slice(0, 3)).toEqual([0, 0.1, 0.2]);
    expect(valuesOf('cgroup /pod', 'cgroupCurrent').slice(0, 2)).toEqual([2 * 4096, 5 * 4096]);
    expect(tracks.some(({ name }) => name === 'cgroupMax')).toBe(false);
    expect(decodeTrace(await bytesOf({ format: 'perfetto', pids: [1] })).some((one) => one.track_descriptor)).toBe(
      false,
    );
  });
});
