/**
 * The mapping classes on whole processes: smaps as captured (capture.py), and beside it the class of every mapping as a
 * person judged it. `aarch64` is written by hand in the form of a kernel with 64 KiB pages.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sumByClass } from '../../src/analyze/class-sums.js';
import { classifyMappings } from '../../src/analyze/classify.js';
import { MAPPING_CLASSES } from '../../src/analyze/mapping-classes.js';
import { permissionText } from '../../src/procfs/mapping-objects.js';
import { MappingTable, tokenizeGrowing } from '../../src/procfs/mapping-table.js';
import { pad } from '../../src/procfs/padding.js';
import { tokenizeSmaps } from '../../src/procfs/smaps.js';

const FOLDER = new URL('../fixtures/segments/', import.meta.url);
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.smaps.gz'))
  .map((name) => name.replace('.smaps.gz', ''));

function read(name: string): Buffer {
  return gunzipSync(readFileSync(new URL(`${name}.smaps.gz`, FOLDER)));
}

/** `maps` of the same process: the first line of each record. */
function headsOf(smaps: Buffer): Buffer {
  const lines = smaps.toString('latin1').split('\n');
  return Buffer.from(
    lines
      .filter((line) => /^[0-9a-f]+-/.test(line))
      .join('\n')
      .concat('\n'),
    'latin1',
  );
}

function judged(text: Buffer): { lines: string[]; table: MappingTable; classes: Uint8Array } {
  const { bytes, length } = pad(text);
  const table = tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(64));
  const { classes } = classifyMappings(table, bytes);
  const lines = Array.from(classes, (number, row) => {
    const [start, end] = [table.start[row]!, table.end[row]!];
    const name = bytes.subarray(table.nameStart[row]!, table.nameStart[row]! + table.nameLength[row]!);
    const place = `${start.toString(16)} ${permissionText(table.perms[row]!)} ${(end - start) / 1024n}K`;
    return `${MAPPING_CLASSES[number]!.name} ${place} ${Buffer.from(name).toString()}`.trimEnd();
  });
  return { lines, table, classes };
}

const expectedOf = (name: string) =>
  readFileSync(new URL(`${name}.classes`, FOLDER), 'utf8')
    .trimEnd()
    .split('\n');

it('has the processes that it is about', () => {
  expect(NAMES).toEqual(['aarch64', 'c-pie', 'c-static', 'java', 'node', 'python', 'rust']);
});

describe.each(NAMES)('%s', (name) => {
  it('has the classes that a person gave its mappings', () => {
    expect(judged(read(name)).lines).toEqual(expectedOf(name));
  });

  it('sums to what its smaps say', () => {
    const text = read(name);
    const { table, classes } = judged(text);
    const { total } = sumByClass(table, classes);
    const summed = (key: string) =>
      Array.from(text.toString('latin1').matchAll(new RegExp(`^${key}: +(\\d+) kB$`, 'gm')), ([, kb]) =>
        Number(kb),
      ).reduce((sum, kb) => sum + kb * 1024, 0);
    expect(total).toEqual({
      count: table.rows,
      size: summed('Size'),
      rss: summed('Rss'),
      pss: summed('Pss'),
      dirty: summed('Shared_Dirty') + summed('Private_Dirty'),
      swap: summed('Swap'),
    });
  });

  it('has nearly the same classes by its maps alone', () => {
    // Without flags a reserved buffer above a small guard looks like a stack, and a small stack like any buffer.
    const expected = expectedOf(name);
    const differing = judged(headsOf(read(name))).lines.filter((line, row) => line !== expected[row]);
    const allowed = /^(?:thread-stack|anon) .* rw-p /;
    expect(differing.filter((line) => !allowed.test(line))).toEqual([]);
    expect(differing.length).toBeLessThanOrEqual(4);
  });
});

it('knows every kind that a program can ask for', () => {
  const seen = new Set(NAMES.flatMap(expectedOf).map((line) => line.split(' ')[0]));
  expect(MAPPING_CLASSES.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([]);
});
