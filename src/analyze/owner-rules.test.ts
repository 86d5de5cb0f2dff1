/** Each rule at its edges: what it takes for whose, and what looks nearly the same and is not. */
import { describe, expect, it } from 'vitest';
import { MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { classifyMappings } from './classify.js';
import { OWNER_RULES } from './owner-rules.js';
import { ownersOf, sumByOwner } from './owners.js';

const KIB = 1024n;
const MIB = 1024n * KIB;
const GIB = 1024n * MIB;

interface Line {
  readonly start: bigint;
  readonly bytes: bigint;
  readonly perms?: string;
  readonly name?: string;
  /** None where the text has no flags. */
  readonly flags?: string;
}

function ownersIn(...lines: Line[]): (string | undefined)[] {
  const text = lines.map(({ start, bytes, perms = 'rw-p', name = '', flags }) => {
    const range = `${start.toString(16)}-${(start + bytes).toString(16)}`;
    const device = name.startsWith('/') ? '08:01 7' : '00:00 0';
    return `${range} ${perms} 00000000 ${device} ${name}\nRss: 4 kB\n${flags === undefined ? '' : `VmFlags: ${flags} \n`}`;
  });
  const { bytes, length } = pad(Buffer.from(text.join('')));
  const table = tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(64));
  return ownersOf(table, bytes, classifyMappings(table, bytes)).map((one) => one && `${one.owner}: ${one.rule.name}`);
}

/** A file of the process, far below all that is looked at; its variables end at 64 KiB. */
const library = (name: string): Line => ({ start: 32n * KIB, bytes: 32n * KIB, perms: 'r-xp', name });
const NODE = library('/usr/bin/node');
const JVM = library('/usr/lib/jvm/libjvm.so');
const GLIBC = library('/usr/lib/libc.so.6');
const JEMALLOC = library('/usr/lib/libjemalloc.so.2');
const TCMALLOC = library('/usr/lib/libtcmalloc.so.4');
const PYTHON = library('/usr/bin/python3.11');

/** Of the last of these lines. */
const ownerOf = (...lines: Line[]) => ownersIn(...lines).at(-1);

describe('what its owner has named', () => {
  it.each([
    ['[anon: glibc: malloc]', 'glibc arena'],
    ['[anon:glibc: malloc arena]', 'glibc arena'],
    ['[anon:jemalloc_pages]', 'jemalloc'],
    ['[anon: tcmalloc region]', 'tcmalloc'],
    ['[anon:v8 code range]', 'v8 code'],
    ['[anon: V8 pages]', 'v8 heap'],
    ['[anon: Go: heap]', 'go heap'],
    ['[anon: Go: heap reservation]', 'go heap'],
  ])('%s is of %s', (name, owner) => {
    expect(ownerOf({ start: 4n * GIB, bytes: MIB, name })).toBe(`${owner}: named`);
  });

  it.each(['[anon: Go: heap index]', '[anon: mine]', '[anon:x glibc: malloc]', '[anon: xv8]'])(
    '%s is of nobody',
    (name) => {
      expect(ownerOf({ start: 4n * GIB, bytes: MIB, name })).toBeUndefined();
    },
  );
});

describe('Go', () => {
  const at = (start: bigint, bytes = 4n * MIB) => ({ start, bytes });

  it.each([0xc000000000n, 0x4000000000n])('has what begins at %d, and what touches that', (begin) => {
    const lines = [at(begin), at(begin + 4n * MIB), at(begin + 16n * MIB)];
    expect(ownersIn(...lines)).toEqual(['go heap: go-arena', 'go heap: go-arena', undefined]);
    expect(ownersIn(at(begin - 4n * MIB), at(begin))).toEqual([undefined, undefined]);
    expect(ownersIn(at(begin + MIB))).toEqual([undefined]);
  });

  it('has nothing that has a file, or lies a whole room behind', () => {
    expect(ownersIn(at(0xc000000000n), { ...at(0xc000400000n), name: '/data' }, at(0xc000800000n))).toEqual([
      'go heap: go-arena',
      undefined,
      undefined,
    ]);
    expect(ownerOf(at(0xc000000000n + (1n << 40n)))).toBeUndefined();
  });
});

describe('V8', () => {
  const FLAGS = 'rd wr mr mw me dc nr ac sd';
  const page = (more: Partial<Line> = {}): Line => ({ start: 4n * GIB, bytes: 256n * KIB, flags: FLAGS, ...more });

  it('has what it has reserved and keeps from children, at its pages', () => {
    expect(ownerOf(NODE, page())).toBe('v8 heap: v8-pages');
    expect(ownerOf(NODE, page({ bytes: 9n * MIB }))).toBe('v8 heap: v8-pages');
    expect(ownerOf(NODE, page({ start: 4n * GIB + 4096n }))).toBeUndefined();
    expect(ownerOf(NODE, page({ flags: 'rd wr dc' }))).toBeUndefined();
    expect(ownerOf(NODE, page({ flags: 'rd wr nr' }))).toBeUndefined();
    expect(ownerOf(GLIBC, page())).toBeUndefined();
  });

  it('has code where some of a reservation is executable', () => {
    const code = page({ start: 4n * GIB + 256n * KIB, perms: 'r-xp' });
    const behind = page({ start: 4n * GIB + 512n * KIB });
    const apart = page({ start: 5n * GIB });
    expect(ownersIn(NODE, page(), code, behind, apart).slice(1)).toEqual([
      'v8 code: v8-code-range',
      'v8 code: v8-code-range',
      'v8 code: v8-code-range',
      'v8 heap: v8-pages',
    ]);
  });

  it('in a text without flags has pages of its size, and what is executable', () => {
    const { flags: _, ...bare } = page();
    expect(ownerOf(NODE, bare)).toBe('v8 heap: v8-page-size');
    expect(ownerOf(NODE, { ...bare, bytes: 512n * KIB })).toBeUndefined();
    expect(ownerOf(NODE, { ...bare, start: 4n * GIB + 4096n })).toBeUndefined();
    expect(ownerOf(NODE, { ...bare, perms: 'rwxp', bytes: 512n * KIB })).toBe('v8 code: v8-executable');
    expect(ownerOf(GLIBC, bare)).not.toMatch(/v8/);
  });

  it.each([
    '/opt/node',
    '/usr/bin/nodejs',
    '/opt/electron',
    '/usr/lib/chromium/chromium',
    '/usr/bin/deno',
    '/a/libnode.so.108',
    '/opt/node (deleted)',
  ])('is in %s', (name) => {
    expect(ownerOf(library(name), page())).toBe('v8 heap: v8-pages');
  });

  it.each(['/opt/node/bin/other', '/opt/mynode', '/data/libnode.txt'])('is not in %s', (name) => {
    expect(ownerOf(library(name), page())).toBeUndefined();
  });
});

describe('the JVM', () => {
  it('has a heap below 32 GiB, that is writable', () => {
    expect(ownerOf(JVM, { start: 31n * GIB, bytes: GIB })).toBe('jvm heap: jvm-low-heap');
    expect(ownerOf(JVM, { start: 31n * GIB, bytes: GIB + 4096n })).toBeUndefined();
    expect(ownerOf(JVM, { start: GIB, bytes: MIB, perms: 'r--p' })).toBeUndefined();
    expect(ownerOf(JVM, { start: GIB, bytes: MIB, name: '[heap]' })).toBeUndefined();
  });

  it('has code wherever it is executable, and classes beside their archive', () => {
    expect(ownerOf(JVM, { start: 40n * GIB, bytes: MIB, perms: 'rwxp' })).toBe('jvm code: jvm-code-cache');
    const archive: Line = { start: 40n * GIB, bytes: MIB, name: '/usr/lib/jvm/classes.jsa' };
    const other: Line = { ...archive, name: '/usr/lib/jvm/modules' };
    const classes: Line = { start: 40n * GIB + MIB, bytes: MIB };
    expect(ownersIn(JVM, archive, classes).at(-1)).toBe('jvm metaspace: jvm-class-space');
    expect(ownersIn(JVM, other, classes).at(-1)).toBeUndefined();
    expect(ownersIn(JVM, archive, { ...classes, start: 40n * GIB + 2n * MIB }).at(-1)).toBeUndefined();
    expect(ownersIn(GLIBC, archive, classes).at(-1)).not.toMatch(/jvm/);
  });
});

describe('malloc of glibc', () => {
  const BEGIN = 64n * MIB * 1000n;
  const arena = (bytes: bigint, more: Partial<Line> = {}): Line => ({ start: BEGIN, bytes, ...more });
  const rest = (bytes: bigint, more: Partial<Line> = {}): Line => ({
    ...{ start: BEGIN + bytes, bytes: 64n * MIB - bytes, perms: '---p' },
    ...more,
  });

  it('has arenas that end with what is reserved behind them', () => {
    expect(ownersIn(GLIBC, arena(132n * KIB), rest(132n * KIB))).toEqual([
      undefined,
      'glibc arena: glibc-arena',
      undefined,
    ]);
    const not = (...lines: Line[]) => expect(ownersIn(GLIBC, ...lines)[1]).not.toBe('glibc arena: glibc-arena');
    not(arena(132n * KIB));
    not(arena(132n * KIB), rest(132n * KIB, { bytes: MIB }));
    not(arena(132n * KIB), rest(132n * KIB, { perms: 'r--p' }));
    not(arena(132n * KIB), rest(136n * KIB));
    not({ ...arena(132n * KIB), start: BEGIN + 4096n }, rest(132n * KIB));
    not(arena(132n * KIB, { perms: 'rwxp' }), rest(132n * KIB));
    expect(ownersIn(PYTHON, arena(132n * KIB), rest(132n * KIB))[1]).toBeUndefined();
  });

  it("has full arenas beside those that grow; alone such a block is anybody's", () => {
    const growing = [arena(132n * KIB), rest(132n * KIB)];
    const full = arena(64n * MIB, { start: BEGIN + 256n * MIB });
    expect(ownersIn(GLIBC, ...growing, full)[3]).toBe('glibc arena: glibc-arena');
    expect(ownerOf(GLIBC, full)).toBe('glibc mmap: glibc-mmap');
    expect(ownerOf(GLIBC, PYTHON, full)).toBe('python arena: python-arenas');
    const not = (more: Partial<Line>) =>
      expect(ownersIn(GLIBC, ...growing, { ...full, ...more })[3]).not.toBe('glibc arena: glibc-arena');
    not({ bytes: 64n * MIB - 4096n });
    not({ bytes: 64n * MIB + 4096n });
    not({ start: full.start + 4096n });
    not({ perms: 'rwxp' });
    not({ name: '/memfd:x' });
  });

  it('has the break, and large blocks', () => {
    const block = (bytes: bigint, more: Partial<Line> = {}): Line => ({ start: 4n * GIB + 4096n, bytes, ...more });
    expect(ownerOf(GLIBC, block(4096n, { name: '[heap]' }))).toBe('glibc arena: glibc-break');
    expect(ownerOf(GLIBC, block(132n * KIB))).toBe('glibc mmap: glibc-mmap');
    expect(ownerOf(GLIBC, block(132n * KIB, { flags: 'rd wr ac' }))).toBe('glibc mmap: glibc-mmap');
    expect(ownerOf(GLIBC, block(128n * KIB))).toBeUndefined();
    expect(ownerOf(GLIBC, block(132n * KIB, { perms: 'r--p' }))).toBeUndefined();
    for (const flag of ['nr', 'dc', 'nh']) {
      expect(ownerOf(GLIBC, block(132n * KIB, { flags: `rd wr ${flag} ac` })), flag).toBeUndefined();
    }
    expect(ownerOf(library('/lib/ld-musl-x86_64.so.1'), block(132n * KIB))).toBeUndefined();
    const both = { ...library('/lib/ld-musl-x86_64.so.1'), start: 4096n, bytes: 4096n };
    expect(ownerOf(both, GLIBC, block(132n * KIB))).toBeUndefined();
    expect(ownerOf(GLIBC, { ...JVM, start: 128n * KIB }, block(132n * KIB, { start: 40n * GIB }))).toBeUndefined();
  });

  it.each([
    ['/usr/lib/libc.so.6', true],
    ['/lib/libc-2.31.so', true],
    ['/lib/libc.so', true],
    ['/usr/lib/libc.so.6 (deleted)', true],
    ['/usr/lib/libc++.so.1', false],
    ['/usr/lib/libc.so.7', false],
    ['/usr/lib/mylibc.so.6', false],
  ])('is in %s: %s', (name, isThere) => {
    expect(ownerOf(library(name), { start: 4n * GIB, bytes: MIB }) !== undefined).toBe(isThere);
  });
});

describe('other allocators', () => {
  const BEHIND: Line = { start: 64n * KIB, bytes: 4096n };
  const variables = (of: Line): Line => ({ ...of, perms: 'rw-p' });
  const block = (bytes: bigint, more: Partial<Line> = {}): Line => ({ start: 4n * GIB, bytes, ...more });

  it('jemalloc has what is reserved without commitment, what lies behind its variables, and large blocks', () => {
    expect(ownerOf(JEMALLOC, block(4096n, { flags: 'rd wr nr' }))).toBe('jemalloc: jemalloc-extent');
    expect(ownerOf(JEMALLOC, block(132n * KIB, { flags: 'rd wr' }))).toBe('jemalloc: jemalloc-or-own');
    expect(ownerOf(JEMALLOC, block(128n * KIB, { flags: 'rd wr' }))).toBeUndefined();
    // What the loader has told as variables is no allocation; larger than those can be, it is.
    expect(ownerOf(variables(JEMALLOC), { ...BEHIND, bytes: 100n * MIB })).toBe('jemalloc: jemalloc-extent');
    expect(ownerOf(variables(JEMALLOC), { ...BEHIND, start: 68n * KIB, bytes: 100n * KIB })).toBeUndefined();
  });

  it('tcmalloc has the break, what lies behind its variables, and large blocks', () => {
    expect(ownerOf(TCMALLOC, block(4096n, { name: '[heap]' }))).toBe('tcmalloc: tcmalloc-heap');
    expect(ownerOf(TCMALLOC, block(132n * KIB))).toBe('tcmalloc: tcmalloc-or-own');
    expect(ownerOf(TCMALLOC, block(128n * KIB))).toBeUndefined();
    expect(ownerOf(variables(TCMALLOC), { ...BEHIND, bytes: 100n * MIB })).toBe('tcmalloc: tcmalloc-heap');
  });

  it('python has whole arenas', () => {
    expect(ownerOf(PYTHON, block(256n * KIB))).toBe('python arena: python-arenas');
    expect(ownerOf(PYTHON, block(MIB))).toBe('python arena: python-arenas');
    for (const bytes of [128n * KIB, 252n * KIB, 260n * KIB]) expect(ownerOf(PYTHON, block(bytes))).toBeUndefined();
    for (const name of ['/usr/bin/python', '/usr/lib/libpython3.11.so.1.0', '/usr/bin/python3']) {
      expect(ownerOf(library(name), block(256n * KIB)), name).toBe('python arena: python-arenas');
    }
    expect(ownerOf(library('/opt/python3.11/bin/tool'), block(256n * KIB))).toBeUndefined();
  });
});

describe('owners', () => {
  it('are asked only of anonymous memory', () => {
    const lines: Line[] = [
      { start: GIB, bytes: MIB, name: '[stack]' },
      { start: 2n * GIB, bytes: MIB, perms: '---p' },
      { start: 3n * GIB, bytes: MIB, name: '/data' },
    ];
    expect(ownersIn(GLIBC, ...lines)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('are added up by rule, and nobody is one of them', () => {
    const text = [
      ['1000000-1100000', '[heap]', 4],
      ['2000000-2001000', '', 8],
      ['3000000-3200000', '[anon: glibc: malloc]', 16],
      ['4000000-4200000', '[anon: glibc: malloc]', 16],
    ].map(([range, name, rss]) => `${range} rw-p 00000000 00:00 0 ${name}\nRss: ${rss} kB\n`);
    const { bytes, length } = pad(Buffer.from(text.join('')));
    const table = tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(64));
    const classification = classifyMappings(table, bytes);
    const sums = sumByOwner(table, classification, ownersOf(table, bytes, classification));
    expect(sums.map(({ owned, sums: { count, rss } }) => [owned?.owner, count, rss / 1024])).toEqual([
      ['glibc arena', 2, 32],
      [undefined, 2, 12],
    ]);
  });

  it('have rules with names of their own, each with its reason', () => {
    expect(new Set(OWNER_RULES.map(({ name }) => name)).size).toBe(OWNER_RULES.length);
    for (const { why, confidence } of OWNER_RULES) {
      expect(why.length).toBeGreaterThan(20);
      expect(['certain', 'likely', 'possible']).toContain(confidence);
    }
  });
});
