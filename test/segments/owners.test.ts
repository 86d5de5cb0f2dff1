/**
 * Owners of anonymous memory on whole processes: smaps as captured (capture_owners.py), and what the program itself told of
 * its memory: addresses of what it allocated, and what its runtime says it uses.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { memoryOwners } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { classifyMappings } from '../../src/analyze/classify.js';
import { OWNER_RULES, OWNERS } from '../../src/analyze/owner-rules.js';
import { type Owned, ownersOf, sumByOwner } from '../../src/analyze/owners.js';
import { MappingTable, SmapsColumn, tokenizeGrowing } from '../../src/procfs/mapping-table.js';
import { pad } from '../../src/procfs/padding.js';
import { tokenizeSmaps } from '../../src/procfs/smaps.js';
import { runTidemark as tidemark } from '../tidemark-process.js';

const FOLDER = new URL('../fixtures/owners/', import.meta.url);
const KIB = 1024;

function owned(text: Buffer) {
  const { bytes, length } = pad(text);
  const table = tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(64));
  const classification = classifyMappings(table, bytes);
  return { table, classification, owners: ownersOf(table, bytes, classification) };
}

function read(name: string) {
  const text = gunzipSync(readFileSync(new URL(`${name}.smaps.gz`, FOLDER)));
  const told = readFileSync(new URL(`${name}.told`, FOLDER), 'utf8');
  /** Addresses or numbers that the program printed behind that word. */
  const all = (word: string) => [...told.matchAll(new RegExp(`^${word} (\\S+)$`, 'gm'))].map(([, value]) => value!);
  return { text, told, all, ...owned(text) };
}

function ownerAt(table: MappingTable, owners: readonly (Owned | undefined)[], address: bigint): string | undefined {
  const row = owners.findIndex((_, index) => table.start[index]! <= address && address < table.end[index]!);
  expect(row).toBeGreaterThanOrEqual(0);
  return owners[row]?.owner;
}

const rssOf = (table: MappingTable, owners: readonly (Owned | undefined)[], owner: string) =>
  owners.reduce((sum, one, row) => (one?.owner === owner ? sum + table.sizes[SmapsColumn.rss]![row]! : sum), 0);

describe('what malloc gave belongs to the allocator', () => {
  it.each([
    ['glibc', 'main', 'glibc arena', 1],
    ['glibc', 'thread', 'glibc arena', 2],
    ['glibc', 'large', 'glibc mmap', 1],
    ['jemalloc', 'main', 'jemalloc', 1],
    ['jemalloc', 'thread', 'jemalloc', 2],
    ['jemalloc', 'large', 'jemalloc', 1],
    ['tcmalloc', 'main', 'tcmalloc', 1],
    ['tcmalloc', 'thread', 'tcmalloc', 2],
    ['tcmalloc', 'large', 'tcmalloc', 1],
    ['go', 'heap', 'go heap', 1],
    ['python', 'object', 'python arena', 1],
  ])('%s: %s is of %s', (name, word, owner, count) => {
    const { table, owners, all } = read(name);
    const places = all(word);
    expect(places.length).toBe(count);
    for (const place of places) expect(ownerAt(table, owners, BigInt(place))).toBe(owner);
  });

  it('and all but a few pages of these have one', () => {
    for (const name of ['glibc', 'jemalloc', 'tcmalloc', 'python', 'node']) {
      const { table, classification, owners } = read(name);
      const nobody = sumByOwner(table, classification, owners).find((entry) => entry.owned === undefined);
      expect(nobody?.sums.rss ?? 0).toBeLessThanOrEqual(48 * KIB);
    }
  });
});

describe('a runtime says how much it uses', () => {
  it('V8: both isolates, and the buffers outside of their heaps', () => {
    const { table, owners, all } = read('node');
    const physical = Number(all('main')[0]) + Number(all('worker')[0]);
    // It was asked a second before the text was read.
    expect(rssOf(table, owners, 'v8 heap') / physical).toBeGreaterThan(0.9);
    expect(rssOf(table, owners, 'v8 heap') / physical).toBeLessThan(1.02);
    expect(rssOf(table, owners, 'glibc mmap')).toBeGreaterThan(20 * KIB * KIB);
    expect(rssOf(table, owners, 'glibc mmap')).toBeLessThan(Number(all('external')[0]));
    expect(rssOf(table, owners, 'v8 code')).toBeGreaterThan(0);
  });

  it('the JVM: its heap, its classes and its code', () => {
    const { table, owners, told } = read('java');
    const [, begin, mib] = /Heap address: (0x[0-9a-f]+), size: (\d+) MB/.exec(told)!;
    const end = BigInt(begin!) + BigInt(mib!) * BigInt(KIB * KIB);
    owners.forEach((one, row) => {
      const isInside = table.start[row]! >= BigInt(begin!) && table.end[row]! <= end;
      if (one?.owner === 'jvm heap') expect(isInside).toBe(true);
      else if (isInside) expect(one).toBeUndefined();
    });
    expect(rssOf(table, owners, 'jvm heap')).toBeGreaterThan(20_000_000);
    const committed = Number([...told.matchAll(/->\d+K\((\d+)K\) NonClass/g)].at(-1)![1]) * KIB;
    expect(rssOf(table, owners, 'jvm metaspace') / committed).toBeGreaterThan(0.9);
    expect(rssOf(table, owners, 'jvm metaspace') / committed).toBeLessThan(1.1);
    expect(rssOf(table, owners, 'jvm code')).toBeGreaterThan(KIB * KIB);
  });
});

describe('the rules', () => {
  it('sums to the anonymous classes, no more and no less', () => {
    const { table, classification, owners } = read('node');
    const sums = sumByOwner(table, classification, owners);
    expect(sums.reduce((count, entry) => count + entry.sums.count, 0)).toBeLessThan(table.rows);
    expect(sums.map(({ sums: { rss } }) => rss)).toEqual(sums.map(({ sums: { rss } }) => rss).sort((a, b) => b - a));
    expect(owners.every((one) => one === undefined || (OWNERS as readonly string[]).includes(one.owner))).toBe(true);
  });

  it.each([
    ['[anon: glibc: malloc arena]', 'glibc arena'],
    ['[anon:jemalloc_pg]', 'jemalloc'],
    ['[anon: Go: heap]', 'go heap'],
    ['[anon:v8]', 'v8 heap'],
  ])('believe a name: %s', (name, owner) => {
    const { owners } = owned(Buffer.from(`7f0000000000-7f0000100000 rw-p 00000000 00:00 0    ${name}\n`));
    // What an allocator has named is a heap, what a runtime has is anonymous: both have an owner.
    expect(owners[0]).toMatchObject({ owner, rule: { name: 'named', confidence: 'certain' } });
  });

  it('are for programs that embed this, too', () => {
    const [first, ...rest] = memoryOwners(read('go').text);
    expect([first!.owner, ...rest.map(({ owner }) => owner)].sort()).toEqual(['go heap', 'unknown']);
    expect(rest.concat(first!).find(({ owner }) => owner === 'go heap')).toMatchObject({
      rule: 'go-arena',
      confidence: 'likely',
      count: 1,
      size: 32 * KIB * KIB,
    });
    expect(() => memoryOwners('text' as never)).toThrow(/Expected the bytes of smaps or maps, got string/);
  });

  it('know nobody in a text that tells nothing', () => {
    const { owners } = owned(Buffer.from('7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \n'));
    expect(owners).toEqual([undefined]);
  });

  it('are each seen in a fixture or a name, but for those of texts without flags', () => {
    const names = ['glibc', 'jemalloc', 'tcmalloc', 'go', 'node', 'python', 'java'];
    const seen = new Set(names.flatMap((name) => read(name).owners.map((one) => one?.rule.name)));
    const unseen = OWNER_RULES.map(({ name }) => name).filter((name) => !seen.has(name));
    expect(unseen).toEqual(['named', 'v8-page-size', 'v8-executable', 'jemalloc-or-own', 'tcmalloc-or-own']);
  });

  it('go by less where the text is maps, and say so', () => {
    const { text } = read('node');
    const heads = text.toString('latin1').match(/^[0-9a-f]+-.*$/gm)!;
    const { owners } = owned(Buffer.from(`${heads.join('\n')}\n`, 'latin1'));
    const ofV8 = owners.filter((one) => one?.owner === 'v8 heap');
    expect(ofV8.length).toBeGreaterThan(140);
    expect(new Set(ofV8.map((one) => one!.rule.confidence))).toEqual(new Set(['possible']));
  });
});

describe('tidemark segments --owners', () => {
  it('tells of a live process, as a table and as JSON', async () => {
    const table = await tidemark(['segments', '--owners', String(process.pid)]);
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(/^Owner +Confidence +Rule/);
    expect(table.stdout).toMatch(/^v8 heap +likely +v8-pages/m);
    const json = await tidemark(['segments', '--owners', '--json', String(process.pid)]);
    const { owners, classes } = JSON.parse(json.stdout);
    expect(owners.find(({ rule }: { rule: string }) => rule === 'v8-pages')).toMatchObject({
      owner: 'v8 heap',
      confidence: 'likely',
      rss: expect.any(Number),
    });
    const rss = (list: { rss?: number }[]) => list.reduce((sum, { rss = 0 }) => sum + rss, 0);
    const anonymous = classes.filter(({ class: name }: { class: string }) => ['heap', 'anon', 'jit'].includes(name));
    expect(rss(owners)).toBe(rss(anonymous));
  });

  it('is one table of two', async () => {
    const { code, stderr } = await tidemark(['segments', '--owners', '--tree', '1']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('--owners and --tree are two tables'),
    });
  });
});
