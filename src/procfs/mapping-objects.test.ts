import { describe, expect, it } from 'vitest';
import { fixture, fixtureText } from '../../test/tokenizers/fixtures.js';
import { parseMaps, parseSmaps, parseSmapsRollup } from './mapping-objects.js';
import { KernelTextError } from './object-values.js';

const KB = 1024;
const bytesOf = (text: string) => Buffer.from(text, 'latin1');

describe('parseMaps', () => {
  it('gives one object per line', () => {
    const text = '7f1c2a000000-7f1c2a021000 r-xs 0001f000 fe:0a 260811                 /usr/bin/x\n';
    expect(parseMaps(bytesOf(text))).toEqual({
      kind: 'maps',
      mappings: [
        {
          start: '7f1c2a000000',
          end: '7f1c2a021000',
          perms: 'r-xs',
          offset: '1f000',
          device: 'fe:0a',
          inode: 260811,
          name: '/usr/bin/x',
          deleted: false,
        },
      ],
      totals: { mappings: 1 },
    });
  });

  it.each(['bash', 'odd', 'node'])('gives back the lines of %s', (name) => {
    const text = fixtureText(`live/${name}/maps`);
    const lines = parseMaps(fixture(`live/${name}/maps`)).mappings.map((m) => {
      const pad = (address: string) => address.padStart(8, '0');
      const raw = m.nameHex === undefined ? Buffer.from(m.name) : Buffer.from(m.nameHex, 'hex');
      const head = `${pad(m.start)}-${pad(m.end)} ${m.perms} ${pad(m.offset)} ${m.device} ${m.inode} `;
      return (m.name === '' ? head : head.padEnd(73)) + raw.toString('latin1');
    });
    expect(`${lines.join('\n')}\n`).toBe(text);
  });

  it('tells which " (deleted)" and "\\012" are certain', () => {
    const { mappings } = parseMaps(fixture('written/maps.names'));
    const of = (name: string) => {
      const { deleted, ambiguous } = mappings.find((mapping) => mapping.name === name)!;
      return [deleted, ambiguous];
    };
    expect(of('/a (deleted)')).toEqual([true, true]);
    expect(of('/a (deleted) (deleted)')).toEqual([true, true]);
    expect(of('/memfd:a name (deleted)')).toEqual([true, undefined]);
    expect(of('/SYSV0000beef (deleted)')).toEqual([true, undefined]);
    expect(of('/dev/zero (deleted)')).toEqual([true, undefined]);
    expect(of('[anon:a / b (deleted)]')).toEqual([false, undefined]);
    expect(of('/new\\012line')).toEqual([false, true]);
    expect(of('/inner   runs  and end  ')).toEqual([false, undefined]);
  });

  it('gives names that are not UTF-8 in hex beside their readable form', () => {
    const [first, second] = parseMaps(fixture('written/maps.not-utf8')).mappings;
    expect(first).toMatchObject({ name: '/caf\ufffd', nameHex: '2f636166e9' });
    expect(second).toMatchObject({ name: '/\ufffd\ufffd\0\ufffd (deleted)', deleted: true, ambiguous: true });
    expect(second!.nameHex).toBe(`2ffffe008020${Buffer.from('(deleted)').toString('hex')}`);
  });

  it('gives integers beyond 2^53 as strings and wide numbers whole', () => {
    const { mappings } = parseMaps(fixture('written/maps.wide'));
    expect(mappings[1]).toMatchObject({
      start: 'ffffffffffffffff',
      offset: '123456789abcdef0',
      device: '103:05',
      inode: '18446744073709551615',
    });
    expect(JSON.stringify(mappings)).toContain('"inode":"18446744073709551615"');
  });

  it('counts what it could not read', () => {
    expect(parseMaps(fixture('written/maps.malformed')).totals).toEqual({
      mappings: 2,
      malformedLines: 10,
      firstMalformedOffset: 0,
    });
    expect(parseMaps(fixture('written/maps.no-newline')).totals).toEqual({ mappings: 2, unterminated: true });
  });

  it('accepts an empty text', () => {
    expect(parseMaps(new Uint8Array())).toEqual({ kind: 'maps', mappings: [], totals: { mappings: 0 } });
  });

  it('does not read beside a view', () => {
    const around = bytesOf('1-2 r--p 0 0:0 0 /a\n3-4 r--p 0 0:0 0 /b\n');
    expect(parseMaps(around.subarray(20, 38)).mappings).toMatchObject([{ start: '3', name: '/' }]);
  });
});

describe('parseSmaps', () => {
  it('gives sizes in bytes, flags as a list and unknown fields by their key', () => {
    const [mapping] = parseSmaps(fixture('written/smaps.unknown')).mappings;
    expect(mapping).toMatchObject({ size: 4 * KB, rss: 4 * KB, pss: 4 * KB, pssDirty: 0 });
    expect(mapping!.vmFlags).toEqual(['rd', 'wr', 'q7', 'zz', '??']);
    expect(JSON.parse(JSON.stringify(mapping!.other))).toEqual(
      JSON.parse(
        '{"Pss_Later":12288,"__proto__":5120,"constructor":"word","Count":99,"Wide":"18889465931478580853760","Empty":"","AfterFlags":"a  b "}',
      ),
    );
    expect(Object.hasOwn(mapping!.other!, '__proto__')).toBe(true);
  });

  it('leaves absent what the text does not have', () => {
    const [mapping] = parseSmaps(fixture('written/smaps.linux-2.6.32')).mappings;
    expect(Object.keys(mapping!)).toEqual([
      ...['start', 'end', 'perms', 'offset', 'device', 'inode', 'name', 'deleted'],
      ...['size', 'kernelPageSize', 'mmuPageSize', 'rss', 'pss'],
      ...['sharedClean', 'sharedDirty', 'privateClean', 'privateDirty', 'referenced', 'swap'],
    ]);
  });

  it('tells empty flags from none', () => {
    const { mappings } = parseSmaps(fixture('written/smaps.flags'));
    expect([mappings[0]!.vmFlags, mappings[2]!.vmFlags, mappings[1]!.vmFlags!.length]).toEqual([[], [], 1670]);
  });

  it('adds up what can be added', () => {
    const { totals } = parseSmaps(fixture('written/smaps.hugetlb-pkey'));
    expect(totals).toEqual({
      mappings: 2,
      size: (2 ** 20 + 2 ** 27) * KB,
      rss: 3 * 2 ** 25 * KB,
      pss: 3 * 2 ** 25 * KB,
      sharedHugetlb: 2 ** 19 * KB,
      privateHugetlb: (2 ** 19 + 2 ** 25) * KB,
    });
  });

  it('marks a text that is cut', () => {
    const { mappings, totals } = parseSmaps(fixture('written/smaps.cut-number'));
    expect(mappings[0]).not.toHaveProperty('rss');
    expect(totals).toEqual({ mappings: 1, size: 4 * KB, unterminated: true });
  });
});

describe('parseSmapsRollup', () => {
  it('gives one record', () => {
    expect(parseSmapsRollup(fixture('written/smaps_rollup.terabytes'))).toEqual({
      kind: 'smaps_rollup',
      start: '400000',
      end: '7ffd8d5f4000',
      rss: 2 ** 44,
      pss: 2 ** 44 - KB,
      pssDirty: 2 ** 44 - KB,
      privateClean: KB,
      privateDirty: 2 ** 44 - 4 * KB,
      privateHugetlb: 2 ** 32,
      swap: 12345678 * KB,
      other: { Later: 3 * KB },
    });
  });

  it.each(['written/smaps.empty', 'live/bash/smaps', 'live/bash/stat'])('refuses %s', (path) => {
    expect(() => parseSmapsRollup(fixture(path))).toThrow(KernelTextError);
  });
});
