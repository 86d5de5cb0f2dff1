/** Recordings that earlier versions wrote must be read for ever: kept files, and what their own version exported of them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { runTidemark } from '../tidemark-process.js';

const FIXTURES = new URL('../fixtures/recordings/', import.meta.url);
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-kept-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(['v1', 'v2', 'v3', 'v4'])('a recording of format %s gives what it gave then', async (name) => {
  const file = path.join(folder, `${name}.tide`);
  writeFileSync(file, gunzipSync(readFileSync(new URL(`${name}.tide.gz`, FIXTURES))));
  const { code, stdout, stderr } = await runTidemark(['export', file, '--format', 'jsonl']);
  expect([code, stderr]).toEqual([0, '']);
  const then = linesOf(gunzipSync(readFileSync(new URL(`${name}.jsonl.gz`, FIXTURES))).toString());
  const now = linesOf(stdout);
  expect(now).toHaveLength(then.length);
  now.forEach((line, index) => {
    const known = Object.keys(JSON.parse(then[index]!));
    const row = Object.entries(JSON.parse(line)) as [string, unknown][];
    // Metrics that came later were not measured.
    expect(row.filter(([name, value]) => value !== null && !known.includes(name))).toEqual([]);
    const kept = row.filter(([name]) => known.includes(name));
    expect(JSON.stringify(Object.fromEntries(kept))).toBe(then[index]);
  });
});

function linesOf(text: string): string[] {
  return text.trimEnd().split('\n');
}
