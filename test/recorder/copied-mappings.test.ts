/** Mappings in copies: put together from differences and told anew, with names and without. */
import { readFileSync } from 'node:fs';
import { cutRecording, mergeRecordings, openRecording, type RecordedProcess, Redactor, startRecording } from 'tidemark';
import { afterAll, describe, expect, it } from 'vitest';
import type { RecordedMappings } from '../../src/recording/mapping-record.js';
import { scratch, until, Workload } from './workload.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());

/** What the rows say, with names as text. */
function rowsOf([record]: RecordedMappings[]): { start: bigint; rss: number; name: string }[] {
  const { table, text } = record!;
  return Array.from({ length: table.rows }, (_, row) => ({
    start: table.start[row]!,
    rss: table.sizes[3]![row]!,
    name: Buffer.from(text).toString('latin1', table.nameStart[row], table.nameStart[row]! + table.nameLength[row]!),
  }));
}

async function record(file: string): Promise<RecordedProcess> {
  const workload = await Workload.start();
  const { pid } = workload;
  await using recorder = await startRecording({ target: { pids: [pid] }, file, hz: 20, mappings: 20, rollup: 'off' });
  const mapped = () => recorder.recording().mappingsOf(recorder.recording().processes({ pid })[0]!).length > 0;
  await until(() => recorder.recording().processes({ pid }).length > 0 && mapped());
  await workload.tell('map 1048576');
  await workload.tell('map 2097152');
  const { recorded } = recorder.recording().summary().ticks;
  await until(() => recorder.recording().summary().ticks.recorded > recorded + 10);
  await recorder.stop();
  workload.child.kill('SIGKILL');
  using recording = openRecording(file);
  return recording.processes({ pid })[0]!;
}

const file = folder.file('mapped.tide');
const found = await record(file);
const original = openRecording(file);

describe('mappings', () => {
  it('are the same in a cut and in a merge', () => {
    const expected = rowsOf(original.mappingsOf(found));
    expect(expected.length).toBeGreaterThan(10);
    const cut = folder.file('cut.tide');
    cutRecording(original, cut);
    using part = openRecording(cut);
    expect(rowsOf(part.mappingsOf(found))).toEqual(expected);
    const both = folder.file('both.tide');
    const middle = (found.firstNs + found.lastNs) / 2n;
    cutRecording(original, folder.file('early.tide'), { to: middle });
    cutRecording(original, folder.file('late.tide'), { from: middle + 1n });
    using early = openRecording(folder.file('early.tide'));
    using late = openRecording(folder.file('late.tide'));
    mergeRecordings([early, late], both);
    using merged = openRecording(both);
    expect(rowsOf(merged.mappingsOf(merged.processes({ pid: found.pid })[0]!))).toEqual(expected);
  });

  it('have other names where paths are taken out, and the kernel’s own stay', () => {
    const paths = new Set(
      rowsOf(original.mappingsOf(found)).flatMap(({ name }) =>
        name.startsWith('/') && !name.startsWith('/dev/zero') ? [name] : [],
      ),
    );
    expect(paths.size).toBeGreaterThan(2);
    const cut = folder.file('hidden.tide');
    cutRecording(original, cut, { redactor: new Redactor(['args', 'paths', 'comm']) });
    const bytes = readFileSync(cut);
    expect([...paths].filter((path) => bytes.includes(path))).toEqual([]);
    using hidden = openRecording(cut);
    const before = rowsOf(original.mappingsOf(found));
    const after = rowsOf(hidden.mappingsOf(found));
    expect(after.map(({ start, rss }) => [start, rss])).toEqual(before.map(({ start, rss }) => [start, rss]));
    expect(after.filter(({ name }) => name === '[heap]').length).toBe(
      before.filter(({ name }) => name === '[heap]').length,
    );
    expect(new Set(after.map(({ name }) => name)).size).toBe(new Set(before.map(({ name }) => name)).size);
  });
});
