import { describe, expect, it } from 'vitest';
import { MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import type { MappingText } from './mapping-growth.js';
import { SharingMeter } from './why-sharing.js';

function read(text: string): MappingText {
  const { bytes, length } = pad(Buffer.from(text));
  return { table: tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(64)), text: bytes };
}

const line = (start: string, end: string, rest: string) => `${start}-${end} r--s 00000000 ${rest}`;
const sizes = (rss: number, pss: number, shared?: number) =>
  `Rss: ${rss} kB\nPss: ${pss} kB\n${shared === undefined ? '' : `Shared_Clean: ${shared} kB\nShared_Dirty: 0 kB\n`}`;

const FILE = '08:01 77                         /data/shared file';
const HEAP = '00:00 0                          [heap]';
const own = read(
  `${line('1000', '9000', FILE)}\n${sizes(32, 16, 32)}${line('10000', '20000', HEAP)}\n${sizes(64, 48, 32)}` +
    `${line('30000', '40000', '08:01 78                         /data/own')}\n${sizes(16, 16, 0)}`,
);

describe('what is shared', () => {
  it('is told with whoever maps the same file, and the same address of nameless memory', () => {
    const meter = new SharingMeter([own]);
    meter.look({ pid: 2, comm: 'reader' }, [read(`${line('7000', 'f000', FILE)}\n`)]);
    meter.look({ pid: 3, comm: 'child' }, [read(`${line('1000', '9000', FILE)}\n${line('10000', '20000', HEAP)}\n`)]);
    meter.look({ pid: 4, comm: 'stranger' }, [read(`${line('11000', '20000', HEAP)}\n`)]);
    meter.look({ pid: 5, comm: 'hidden' }, 'denied');
    const { objects, processes, ...rest } = meter.result();
    expect(rest).toEqual({
      ...{ rss: 112 * 1024, pss: 80 * 1024, countedForOthers: 32 * 1024 },
      ...{ lookedAt: 4, unseen: { denied: 1 } },
    });
    expect(objects).toEqual([
      {
        ...{ name: '/data/shared file', shared: 32 * 1024, rss: 32 * 1024, pss: 16 * 1024 },
        others: [
          { pid: 2, comm: 'reader' },
          { pid: 3, comm: 'child' },
        ],
      },
      {
        ...{ name: '[heap]', shared: 32 * 1024, rss: 64 * 1024, pss: 48 * 1024 },
        others: [{ pid: 3, comm: 'child' }],
      },
    ]);
    expect(processes).toEqual([
      { pid: 3, comm: 'child', upTo: 64 * 1024, objects: 2 },
      { pid: 2, comm: 'reader', upTo: 32 * 1024, objects: 1 },
    ]);
  });

  it('does not take one mapping at the same address for a relative by fork', () => {
    const bss = '00:00 0';
    const forked = read(
      `${line('10000', '20000', HEAP)}\n${sizes(64, 32, 64)}${line('90000', 'a0000', bss)}\n${sizes(8, 4, 8)}`,
    );
    const meter = new SharingMeter([forked]);
    meter.look({ pid: 2, comm: 'same-program' }, [read(`${line('90000', 'a0000', bss)}\n`)]);
    meter.look({ pid: 3, comm: 'child' }, [read(`${line('10000', '20000', HEAP)}\n`)]);
    expect(meter.result().processes).toEqual([{ pid: 3, comm: 'child', upTo: 64 * 1024, objects: 1 }]);
  });

  it('forgets an earlier read of a process that is looked at again', () => {
    const meter = new SharingMeter([own]);
    const other = { pid: 2, comm: 'reader' };
    meter.look(other, [read(`${line('1000', '9000', FILE)}\n`)]);
    meter.look(other, [read(`${line('90000', '99000', HEAP)}\n`)], true);
    expect(meter.result()).toMatchObject({ processes: [], lookedAt: 1 });
  });

  it('is a bound where the read tells only the share', () => {
    const meter = new SharingMeter([read(`${line('1000', '9000', FILE)}\n${sizes(32, 20)}`)]);
    expect(meter.result().objects).toMatchObject([{ shared: 32 * 1024, isBound: true }]);
  });
});
