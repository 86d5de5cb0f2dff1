/** What is refused before anything is written: a file that looks right and tells something else. */
import { describe, expect, it } from 'vitest';
import { knownRecording } from '../../test/export/known-recording.js';
import { exportCsv } from './csv.js';
import type { ExportRequest, PartitionRequest } from './export-request.js';
import { exportPartitions, exportRecording } from './formats.js';
import { exportJsonl } from './jsonl.js';

const recording = knownRecording();

describe('an export', () => {
  it.each([
    [{}, /"format" option to be one of csv, .*openmetrics, got null/],
    [{ format: 'xml' }, /"format" option to be one of csv, .* got 'xml'/],
    [{ format: 'csv', table: 'zzz' }, /"table" option to be one of samples, mappings, host, cgroup, got 'zzz'/],
    [{ format: 'csv', table: 'mappings' }, /"table" option may be mappings only for parquet, arrow, arrow-stream/],
    [{ format: 'perfetto', table: 'host' }, /"table" option may be host only for parquet, .*, csv, jsonl/],
    [{ format: 'csv', pids: 'x' }, /"pids" option to be an array of pids, got 'x'/],
    [{ format: 'csv', pids: ['100'] }, /"pids" option to be an array of pids, got \[ '100' \]/],
    [{ format: 'csv', pids: 100 }, /"pids" option to be an array of pids, got 100/],
    [{ format: 'csv', pid: [100] }, /no "pid" option; the options are format, from, to, metrics, pids/],
    [{ format: 'csv', metrics: 'rss' }, /"metrics" option to be an array of names of metrics, got 'rss'/],
    [{ format: 'csv', from: 5 }, /"from" option to be a bigint of Unix nanoseconds, got 5/],
    [{ format: 'csv', to: '5' }, /"to" option to be a bigint of Unix nanoseconds, got '5'/],
    [{ format: 'perfetto', every: 1 }, /"every" option to be a positive bigint of nanoseconds, got 1/],
    [{ format: 'csv', agg: 'mean' }, /"agg" option to be one of last, min, max, got 'mean'/],
    [{ format: 'csv', extra: ['argv'] }, /"extra" option to be an array of step_ns, .* got \[ 'argv' \]/],
    [{ format: 'csv', onProgress: 1 }, /"onProgress" option to be a function, got 1/],
    [{ format: 'pprof', diff: 'yes' }, /"diff" option to be true or false, got 'yes'/],
    [{ format: 'csv', diff: true }, /"diff" option is for pprof only, and the format is csv/],
    [null, /Expected the options to be an object, got null/],
  ])('refuses %o', async (request, message) => {
    const refused = await exportRecording(recording, request as ExportRequest)
      .next()
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TypeError);
    expect((refused as Error).message).toMatch(message);
  });

  it.each([
    [{ partition: ['foo'] }, /"partition" option to be an array of host, date, got \[ 'foo' \]/],
    [{ partition: 'host' }, /"partition" option to be an array of host, date, got 'host'/],
    [{}, /"partition" option to be an array of host, date, got null/],
    [{ partition: ['host'], format: 'csv' }, /no "format" option; the options are partition, from/],
    [{ partition: ['host'], table: 'x' }, /"table" option to be one of samples/],
  ])('in partitions refuses %o', async (request, message) => {
    await expect(exportPartitions(recording, request as unknown as PartitionRequest).next()).rejects.toThrow(message);
  });

  it.each([exportCsv, exportJsonl])('as text refuses the same', (exported) => {
    expect(() => [...exported(recording, { pids: 'x' as never })]).toThrow(/"pids" option to be an array of pids/);
    expect(() => [...exported(recording, { metric: ['rss'] } as never)]).toThrow(/no "metric" option/);
  });

  it('of no process at all has none', () => {
    expect([...exportCsv(recording, { pids: [] })].join('').trim().split('\n').length).toBe(1);
  });
});
