import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { SUMMED, sizeOf, sumByClass } from './class-sums.js';
import { classifyMappings, RULES } from './classify.js';
import { ClassNumber, MAPPING_CLASSES } from './mapping-classes.js';

function tokenize(text: string | Uint8Array): { table: MappingTable; bytes: Uint8Array } {
  const { bytes, length } = pad(typeof text === 'string' ? Buffer.from(text) : text);
  return { table: tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(8)), bytes };
}

/** The class of every mapping of a text. */
function classesOf(text: string, exe?: string): string[] {
  const { table, bytes } = tokenize(text);
  return Array.from(classifyMappings(table, bytes, exe).classes, (number) => MAPPING_CLASSES[number]!.name);
}

/** One mapping; addresses in pages of 64 KiB. */
function mapping(from: number, to: number, perms: string, name = '', flags?: string): string {
  const [start, end] = [from, to].map((page) => (page * 65536).toString(16).padStart(8, '0'));
  const file = name.startsWith('/') ? 'fe:00 77' : '00:00 0';
  return `${start}-${end} ${perms} 00000000 ${file} ${name}\n${flags === undefined ? '' : `Rss: 4 kB\nVmFlags: ${flags}\n`}`;
}

const PROGRAM = mapping(16, 17, 'r-xp', '/bin/program');

describe('a mapping by its name', () => {
  it.each([
    ['[vdso]', 'r-xp', 'vdso'],
    ['[vvar]', 'r--p', 'vdso'],
    ['[vvar_vclock]', 'r--p', 'vdso'],
    ['[vsyscall]', '--xp', 'vdso'],
    ['[vectors]', 'r-xp', 'vdso'],
    ['[sigpage]', 'r-xp', 'vdso'],
    ['[uprobes]', '--xp', 'vdso'],
    ['[heap]', 'rw-p', 'heap'],
    ['[anon: glibc: malloc]', 'rw-p', 'heap'],
    ['[anon:glibc: malloc]', 'rw-p', 'heap'],
    ['[anon:libc_malloc]', 'rw-p', 'heap'],
    ['[anon:scudo:primary]', 'rw-p', 'heap'],
    ['[stack]', 'rw-p', 'stack'],
    ['[stack:1234]', 'rw-p', 'thread-stack'],
    ['[anon:stack_and_tls:1234]', 'rw-p', 'thread-stack'],
    ['[anon: glibc: pthread stack: 1234]', 'rw-p', 'thread-stack'],
    ['[anon:thread stack]', 'rw-p', 'thread-stack'],
    ['[anon:haystack]', 'rw-p', 'anon'],
    ['[anon:.bss]', 'rw-p', 'bss'],
    ['[anon:arena of requests]', 'rw-p', 'anon'],
    ['[anon:a/b [x]]', 'rw-p', 'anon'],
    ['[anon:dalvik-jit-code-cache]', 'r--p', 'jit'],
    ['[anon:jitcode]', 'r--p', 'jit'],
    ['[anon:jit_zygote]', 'r--p', 'jit'],
    ['[anon:V8CodeRange]', 'r--p', 'jit'],
    ['[anon:jitter buffer]', 'rw-p', 'anon'],
    ['[anon:js-executable-memory]', '---p', 'guard'],
    ['[anon:js-executable-memory]', 'rw-p', 'jit'],
    ['[anon_shmem:shared buffer]', 'rw-s', 'shm'],
    ['/SYSV0000beef (deleted)', 'rw-s', 'shm'],
    ['/memfd:wayland (deleted)', 'rw-s', 'shm'],
    ['/memfd:jit-cache (deleted)', 'rw-s', 'jit'],
    ['/memfd:doublemapper (deleted)', 'r-xs', 'jit'],
    ['/dev/shm/sem.x', 'rw-s', 'shm'],
    ['/dev/zero (deleted)', 'rw-s', 'shm'],
    ['/dev/dri/renderD128', 'rw-s', 'device'],
    ['anon_inode:[io_uring]', 'rw-s', 'device'],
    ['anon_inode:i915.gem', 'rw-s', 'device'],
    ['socket:[123]', 'rw-s', 'device'],
    ['/[aio] (deleted)', 'rw-s', 'device'],
    ['/dmabuf:camera', 'rw-s', 'device'],
    ['/dev/hugepages/pool', 'rw-s', 'hugetlb'],
    ['/anon_hugepage (deleted)', 'rw-p', 'hugetlb'],
    ['/var/lib/data.mdb', 'r--s', 'file'],
    ['/usr/lib/locale/C.utf8/LC_CTYPE', 'r--p', 'file'],
    ['/usr/lib/libmade.so.1.2', 'r--p', 'lib-rodata'],
    ['/usr/lib/libmade.so.1.2 (deleted)', 'rw-p', 'lib-data'],
    ['/opt/plugin', 'r-xp', 'lib-text'],
    ['', 'rw-p', 'anon'],
    ['', 'r--p', 'anon'],
    ['', 'rwxp', 'jit'],
    ['', '---p', 'guard'],
    ['/lib/libold.so', '---p', 'guard'],
    // Files whose names try to pass for what the kernel names.
    ['/tmp/[heap]', 'rw-p', 'file'],
    ['/tmp/[vdso]', 'r--p', 'file'],
    ['/tmp/[anon:libc_malloc]', 'rw-p', 'file'],
    ['/tmp/[stack:12]', 'rw-p', 'file'],
    ['/tmp/[anon:.bss]', 'rw-p', 'file'],
    ['[vdso] of mine', 'r--p', 'anon'],
    ['[anon:.bss] of mine', 'rw-p', 'anon'],
  ])('%s %s is %s', (name, perms, expected) => {
    expect(classesOf(PROGRAM + mapping(50, 60, perms, name))).toEqual(['text', expected]);
  });
});

describe('a mapping by its flags', () => {
  it.each([
    ['/mnt/huge/pool', 'rw-s', 'rd wr sh mr mw me ms de ht', 'hugetlb'],
    ['/sys/devices/pci/resource0', 'rw-s', 'rd wr sh mr mw me ms pf io de dd', 'device'],
    // Sealed, and with guard regions inside: what it is for does not change.
    ['', 'rw-p', 'rd wr mr mw me gu ac sl', 'anon'],
    ['', '---p', 'mr mw me nr', 'guard'],
  ])('%s %s %s is %s', (name, perms, flags, expected) => {
    expect(classesOf(PROGRAM + mapping(50, 60, perms, name, flags))).toEqual(['text', expected]);
  });

  it('is hugetlb by its page size, which transparent huge pages do not change', () => {
    const sized = (kilobytes: number) =>
      `7f0000000000-7f0000200000 rw-p 00000000 00:00 0\nKernelPageSize: ${kilobytes} kB\nMMUPageSize: ${kilobytes} kB\n`;
    expect(classesOf(sized(2048))).toEqual(['hugetlb']);
    expect(classesOf(sized(64))).toEqual(['anon']);
  });
});

describe('the program', () => {
  const linker = mapping(1, 2, 'r-xp', '/lib64/ld-linux-x86-64.so.2');
  const library = mapping(5, 6, 'r-xp', '/lib/libc.so.6');

  it('is what exe names, wherever it lies', () => {
    expect(classesOf(linker + library + PROGRAM, '/lib/libc.so.6')).toEqual(['lib-text', 'text', 'lib-text']);
    expect(classesOf(linker + library + PROGRAM, '/bin/program')).toEqual(['lib-text', 'lib-text', 'text']);
  });

  it('is else the lowest that is no library', () => {
    expect(classesOf(linker + library + PROGRAM)).toEqual(['lib-text', 'lib-text', 'text']);
    expect(classesOf(linker)).toEqual(['text']);
    expect(classesOf(mapping(1, 2, 'r-xp', '/system/bin/linker64') + PROGRAM)).toEqual(['lib-text', 'text']);
  });

  it('may have been deleted, or have a newline in its name', () => {
    const text = mapping(3, 4, 'r-xp', '/opt/cache') + mapping(5, 6, 'r-xp', '/a\\012b (deleted)');
    expect(classesOf(text, '/a\nb (deleted)')).toEqual(['lib-text', 'text']);
  });

  it('has its parts by permissions, and its file may be mapped as data too', () => {
    const parts = ['r--p', 'r-xp', 'r--p', 'rw-p', 'rwxp'].map((perms, at) =>
      mapping(16 + at, 17 + at, perms, '/bin/p'),
    );
    expect(classesOf(parts.join('') + mapping(99, 100, 'r--s', '/bin/p'))).toEqual([
      'rodata',
      'text',
      'rodata',
      'data',
      'text',
      'file',
    ]);
  });
});

describe('anonymous memory behind a writable part', () => {
  const data = mapping(17, 18, 'rw-p', '/bin/program');

  it('is bss when nothing lies between, once', () => {
    expect(classesOf(PROGRAM + data + mapping(18, 99, 'rw-p'))).toEqual(['text', 'data', 'bss']);
    expect(classesOf(PROGRAM + data + mapping(19, 99, 'rw-p'))).toEqual(['text', 'data', 'anon']);
    expect(classesOf(PROGRAM + data + mapping(18, 19, 'rw-p') + mapping(19, 20, 'rw-p'))).toEqual([
      'text',
      'data',
      'bss',
      'anon',
    ]);
    expect(classesOf(PROGRAM + mapping(17, 18, 'rw-p'))).toEqual(['text', 'bss']);
    expect(classesOf(PROGRAM + data + mapping(18, 19, 'r--p'))).toEqual(['text', 'data', 'anon']);
  });

  it('belongs to a library that it is no larger than', () => {
    const library = mapping(50, 60, 'r-xp', '/lib/x.so') + mapping(60, 61, 'rw-p', '/lib/x.so');
    const small = mapping(50, 51, 'r-xp', '/lib/y.so') + mapping(51, 52, 'rw-p', '/lib/y.so');
    expect(classesOf(PROGRAM + library + mapping(61, 72, 'rw-p')).at(-1)).toBe('lib-data');
    expect(classesOf(PROGRAM + library + mapping(61, 73, 'rw-p')).at(-1)).toBe('anon');
    expect(classesOf(PROGRAM + small + mapping(52, 56, 'rw-p')).at(-1)).toBe('lib-data');
    expect(classesOf(PROGRAM + small + mapping(52, 57, 'rw-p')).at(-1)).toBe('anon');
    expect(classesOf(PROGRAM + mapping(50, 51, 'r-xp', '/lib/y.so') + mapping(51, 52, 'rw-p')).at(-1)).toBe('anon');
  });
});

describe('anonymous memory above a guard', () => {
  const above = (guard: string, row: string) => classesOf(PROGRAM + guard + row).at(-1);

  it('is a stack when both are of that size', () => {
    expect(above(mapping(50, 51, '---p'), mapping(51, 200, 'rw-p'))).toBe('thread-stack');
    expect(above(mapping(50, 52, '---p'), mapping(52, 200, 'rw-p'))).toBe('anon');
    expect(above(mapping(50, 51, '---p'), mapping(52, 200, 'rw-p'))).toBe('anon');
    expect(above(mapping(50, 51, '---p'), mapping(51, 51 + 4096, 'rw-p'))).toBe('thread-stack');
    expect(above(mapping(50, 51, '---p'), mapping(51, 52 + 4096, 'rw-p'))).toBe('anon');
    expect(above(mapping(50, 51, '---p'), mapping(51, 200, 'r--p'))).toBe('anon');
  });

  it('is none when it is reserved, and one of any size when it was asked for as one', () => {
    expect(above(mapping(50, 51, '---p', '', 'mr mw me nr'), mapping(51, 200, 'rw-p', '', 'rd wr'))).toBe('anon');
    expect(above(mapping(50, 51, '---p', '', 'mr mw me'), mapping(51, 200, 'rw-p', '', 'rd wr nr'))).toBe('anon');
    expect(above(mapping(50, 51, '---p', '', 'mr mw nh'), mapping(51, 9000, 'rw-p', '', 'rd wr nh'))).toBe(
      'thread-stack',
    );
  });
});

it('tells which rule decided', () => {
  const { table, bytes } = tokenize(PROGRAM + mapping(50, 60, 'rw-p', '[heap]'));
  const { rules, program } = classifyMappings(table, bytes);
  expect(Array.from(rules, (rule) => RULES[rule]!.name)).toEqual(['program', 'heap']);
  expect(program).toBe('/bin/program');
});

it('has a number and words for each class', () => {
  MAPPING_CLASSES.forEach(({ name, notes }, number) => {
    expect(ClassNumber[name]).toBe(number);
    expect(notes).toMatch(/^[a-z].*[^.]$/);
  });
});

describe('any text', () => {
  const word = fc.constantFrom(
    '[heap]',
    '[stack]',
    '',
    '/bin/a',
    '/bin/b',
    '[anon:x]',
    '/dev/x',
    '/memfd:y (deleted)',
    '\u00e9',
  );
  const row = fc.record({
    from: fc.nat(80),
    pages: fc.integer({ min: -1, max: 9 }),
    perms: fc
      .tuple(...['r-', 'w-', 'x-', 'sp'].map((letters) => fc.constantFrom(...letters)))
      .map((all) => all.join('')),
    name: word,
    rss: fc.option(fc.nat(99), { nil: undefined }),
  });

  it('gets a class for every mapping, and sums to the kilobyte', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
        const text = rows
          .map(({ from, pages, perms, name, rss }) => {
            const line = mapping(from, Math.max(0, from + pages), perms, name);
            return rss === undefined ? line : `${line}Rss: ${rss} kB\nShared_Dirty: ${rss} kB\n`;
          })
          .join('');
        const { table, bytes } = tokenize(text);
        expect(table.rows).toBe(rows.length);
        const { classes } = classifyMappings(table, bytes);
        const { classes: sums, total } = sumByClass(table, classes);
        expect(total.count).toBe(rows.length);
        for (const field of SUMMED) {
          const each = sums.map((sum) => sum[field]).filter((value) => !Number.isNaN(value));
          const all = rows.map((_, index) => sizeOf(table, field, index)).filter((value) => !Number.isNaN(value));
          expect(each.reduce((sum, value) => sum + value, 0)).toBe(all.reduce((sum, value) => sum + value, 0));
          expect(Number.isNaN(total[field])).toBe(all.length === 0);
        }
        const measured = rows.filter(({ rss }) => rss !== undefined);
        expect(total.rss || 0).toBe(measured.reduce((sum, { rss }) => sum + rss! * 1024, 0));
        expect(total.dirty || 0).toBe(total.rss || 0);
        expect(total.pss).toBeNaN();
      }),
      { numRuns: 300 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 400 }),
          fc.string({ unit: fc.constantFrom(...'0f-: rwxp/[]\n') }).map((text) => Buffer.from(text)),
        ),
        (text) => {
          const { table, bytes } = tokenize(text);
          expect(classifyMappings(table, bytes).classes).toHaveLength(table.rows);
        },
      ),
    );
  });
});
