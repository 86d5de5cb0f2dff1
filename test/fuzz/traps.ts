/** Text that breaks one well-known tool or another, and how it did: seeds from which mutations go on. Bytes, as latin1. */
import type { KernelFile } from '../../src/procfs/read.js';

const TAIL = ' 1 1 1 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 12345 8192 200 18446744073709551615';
const ALL_BITS = '18446744073709551615';
const HEAD = '7f0000000000-7f0000001000 rw-p 00000000 00:00 0 ';

const line = (key: string, value: number | string, unit = ' kB') =>
  `${`${key}:`.padEnd(16)}${String(value).padStart(8)}${unit}\n`;

export const TRAPS: Partial<Record<KernelFile, readonly string[]>> = {
  stat: [
    // The name is raw: blanks, parentheses, newlines, and nothing at all.
    ...['a b', 'a) R 1', ') S (', 'a\nb', '', '((', '))', '\x1b[2J', '\xff\xfe'].map(
      (name) => `7 (${name}) S${TAIL}\n`,
    ),
    `7 (x) S${TAIL.replaceAll('1', ALL_BITS)}\n`,
    `7 (x) S${TAIL.replaceAll(' 0', ` -9223372036854775808`)}\n`,
    `4294967295 (x) Z${TAIL}`,
  ],
  statm: [
    `${ALL_BITS} ${ALL_BITS} 0 0 0 0 0\n`,
    '4503599627370496 1 1 1 0 1 0\n',
    '1 2 3 4 5 6\n',
    '1 2 3 4 5 6 7 8\n',
    '1  2 3 4 5 6 7\n',
  ],
  status: [
    'Name:\ta\\nb\nUmask:\t0022\nVmPeak:\t   18446744073709551615 kB\nVmRSS:\t 1 kB\nVmRSS:\t 2 kB\n',
    'SigBlk:\tffffffffffffffff\nThreads:\t1\nCpus_allowed_list:\t0-3\nVmSwap:\t 0 kB',
    'VmRSS: 1 kB\nVmRSS:\t1kB\nVmRSS:\t1  kB\nVmRSS:\t1 KB\nVmRSS:\t-1 kB\nThreads:\t1 \n:\tx\n\n',
  ],
  maps: [
    // Names: inner and trailing blanks, an escaped newline, what looks like a mapping or is deleted, pseudo names.
    ...[
      '/a  b ',
      '/a\\012b',
      '/a (deleted) (deleted)',
      '[anon:a/b c]',
      '/memfd:x (deleted)',
      '/SYSV0000abcd (deleted)',
      '[stack:77]',
      'anon_inode:[io_uring]',
      '1-2 r--p 0 0:0 0',
      '\xff\xfe',
    ].map((name) => `${HEAD}${name}\n`),
    'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n',
    '1000-1000 ---p 0 0:0 0\n2000-1000 ---s ffffffffffffffff ffffffff:fffffffff 18446744073709551616 x\n',
    `${HEAD}\n${HEAD.trim()}\n${HEAD.replaceAll(' ', '  ')}\n${HEAD.replaceAll(' ', '\t')}\n`,
  ],
  smaps: [
    `${HEAD}/a: b\n${line('Rss', 1)}${line('Pss', 1)}${line('Pss_Dirty', 2)}${line('Pss_Anon', 3)}${line('New_Key', 4)}`,
    `${HEAD}\nName:           [anon:x]\n${line('Rss', 1)}THPeligible:\t\t0\nVmFlags:\nVmFlags: rd ${'zz '.repeat(60)}\n`,
    `${HEAD}\n${line('Size', 99_999_999)}${line('Rss', 100_000_000)}${line('Rss', ALL_BITS)}${line('KSM', '1 2')}`,
    `${HEAD}\n${line('Rss', 1)}${line('Pss', 2)}${HEAD}\n${line('Pss', 2)}${line('Rss', 1)}${HEAD}\n${line('Rss', 'x')}`,
    `${line('Rss', 1)}${HEAD}\n${line('VmFlags', 12)}${line('THPeligible', 1, '')}${line('ProtectionKey', 0, '')}`,
    `${HEAD}\nRss: 1 kB\nRss:\t1 kB\nRss:1 kB\nRss: 1kB\nRss: 1 kB \nRss : 1 kB\n: 1 kB\nRss`,
  ],
  smaps_rollup: [
    `1000-ffffffffff601000 ---p 00000000 00:00 0                          [rollup]\n${line('Rss', ALL_BITS)}${line('Pss', 1)}`,
    `1000-2000 ---p 00000000 00:00 0 [rollup]\n${line('Pss', 1)}1000-2000 ---p 00000000 00:00 0 [rollup]\n`,
  ],
};
