/** Texts of `maps` and `smaps` with long lines that can be taken for anything when they are read in pieces. */

const ALPHABETS = [
  'abcdef/0123456789',
  'XYZ/abc',
  '-0x/ab: 12',
  '/SYSV12 abc',
  '\u00e9\u00fc/ \t\u001bq',
  'Rss: 12 /kBSwap:0',
];
const LENGTHS = [0, 5, 100, 900, 948, 949, 950, 951, 952, 1023, 1500, 2000, 3000, 4000];
const KEYS = 'Size KernelPageSize MMUPageSize Rss Pss Shared_Dirty Private_Dirty Swap THPeligible'.split(' ');

/** The same for the same seed. */
export function tornMaps(seed: number): { maps: string; smaps: string } {
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const pick = <T>(values: readonly T[]): T => values[random(values.length)]!;
  const maps: string[] = [];
  const smaps: string[] = [];
  let start = 0x7f0000000000;
  for (let index = 0; index < 300; index++) {
    const end = start + pick([0x1000, 0x3000, 0x200000]);
    const range = `${start.toString(16)}-${end.toString(16)} ${pick(['rw-p', 'r--s', 'r-xp', 'rw-s', '---p'])}`;
    const device = `${pick(['00', 'fe'])}:${pick(['0b', '01'])}`;
    const head = `${range} ${random(2 ** 30)
      .toString(16)
      .padStart(8, '0')} ${device} ${random(2 ** 30)} `;
    const length = pick(LENGTHS);
    const alphabet = pick(ALPHABETS);
    const name = random(10) === 0 ? '[stack]' : `/${Array.from({ length }, () => pick([...alphabet])).join('')}`;
    const line = length === 0 ? head : head.padEnd(73) + name;
    maps.push(line);
    smaps.push(line);
    for (const key of KEYS) {
      smaps.push(
        `${key}:`.padEnd(16) + String(pick([0, 4, 16, 123456])).padStart(8) + (key === 'THPeligible' ? '' : ' kB'),
      );
    }
    if (index % 5 !== 0) smaps.push(`VmFlags: ${pick(['rd wr mr', 'rd mr mw me ht', 'ex'])} `);
    start = end + pick([0, 0x1000]);
  }
  return { maps: `${maps.join('\n')}\n`, smaps: `${smaps.join('\n')}\n` };
}
