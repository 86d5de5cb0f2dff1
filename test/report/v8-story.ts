/** A recording of a Node program whose V8 heap grows, with a known amount in each part of its memory at each tick. */
import { FileStorage } from '../../src/ring/file-storage.js';
import { Author, someone } from '../recorder/synthetic.js';
import { storeMappings } from '../recorder/synthetic-mappings.js';
import { MIB, mapping } from './story.js';

export const NODE = someone(300, 'node');
export const TICKS = 200;
/** MiB; of `other` no mapping tells. */
export const PARTS = { code: 40, stack: 2, external: 12, slack: 8, free: 4, other: 3 };
/** MiB of objects at a tick: ever more, with a collection of all of the heap each fourth second. */
export const usedAt = (tick: number) => 10 + tick / 2 + (tick % 40) / 8;

const KIB_PER_MIB = 1024;
const PAGES_PER_MIB = 256;

export function writeV8Story(file: string): void {
  const author = new Author({
    storage: FileStorage.create(file, 2 ** 23),
    metadata: { mappings: '1', rollup: 'off', v8: true },
  });
  author.arrive(0, NODE);
  const { code, stack, external, slack, free, other } = PARTS;
  const whose = { pid: NODE.pid, startTicks: NODE.startTicks, thread: 0 };
  for (let tick = 0; tick < TICKS; tick++) {
    const [used, physical] = [usedAt(tick), usedAt(tick) + free];
    const rss = code + stack + physical + external + slack + other;
    author.set(0, { rss: rss * MIB, rssAnon: (rss - code) * MIB });
    const spaces = { old: [(used - 2) * MIB, (physical - 2) * MIB], new: [2 * MIB, 2 * MIB] } as const;
    const heap = { used: used * MIB, total: (physical + 1) * MIB, physical: physical * MIB, external: external * MIB };
    author.writer.v8([
      {
        timeNs: author.nowNs,
        event: { type: 'v8Heap', ...whose, ...heap, malloced: 0, limit: 2 ** 32, spaces },
      },
    ]);
    const collections = [...(tick % 40 === 39 ? ['mark-sweep-compact'] : []), ...(tick % 5 === 3 ? ['scavenge'] : [])];
    for (const kind of collections) {
      const pauseNs = kind === 'scavenge' ? 2e6 : 25e6;
      author.writer.v8([{ timeNs: author.nowNs + 10n, event: { type: 'v8Gc', ...whose, kind, pauseNs } }]);
    }
    author.sweep();
    if (tick % 10 === 0) {
      const line = (page: number, perms: string, name: string, mib: number) =>
        mapping(page, Math.ceil(mib * PAGES_PER_MIB), perms, name, mib * KIB_PER_MIB);
      const lines = [
        line(0x400, 'r-xp', '/usr/bin/node', code - 1),
        line(0x5000, 'rw-p', '[heap]', external + slack),
        line(0x7f0000, 'rw-p', '[anon:v8]', physical),
        line(0x7f8000, 'r-xp', '/lib/libc.so.6', 1),
        line(0x7ff000, 'rw-p', '[stack]', stack),
      ];
      storeMappings(author, NODE, tick, lines.join(''));
    }
  }
  author.close(true);
}
