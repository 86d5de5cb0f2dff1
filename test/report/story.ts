/** A recording in which everything happens that the page shows: growth, a spike, a kill, a gap, names that are code. */
import { FileStorage } from '../../src/ring/file-storage.js';
import { Status } from '../../src/schema.js';
import { Author, someone } from '../recorder/synthetic.js';
import { MAPPED, storeMappings } from '../recorder/synthetic-mappings.js';

export const MIB = 2 ** 20;
export const TICKS = 200;
/** In this tick alone `spiky` has so much. */
export const SPIKE = { tick: 77, bytes: 900 * MIB };
export const GAP = { tick: 120, ticks: 8 };
export const MARKUP = '<img src=x onerror="document.title=1">';
const SCRIPT = '</script><script>document.title="owned"</script>';
const PAGE = 4096;

export const LEAKY = someone(100, 'leaky');
export const HOSTILE = someone(101, MARKUP);
const CHURNY = someone(102, 'churny');
const BROKEN = someone(103, Uint8Array.of(0x62, 0xff, 0xfe, 0x0a, 0x1b, 0x5b));
export const SPIKY = someone(104, 'spiky');
const KILLED = someone(105, 'victim');
export const PROCESSES = 46;

/** Writes it into a new file. */
export function writeStory(file: string): void {
  const author = new Author({
    storage: FileStorage.create(file, 2 ** 23),
    metadata: {
      ...MAPPED,
      rollup: '1',
      cmdline: 'full',
      host: {
        ...{ hostname: 'story', kernel: '6.0', architecture: 'x64', cpus: 2, bootId: '' },
        ...{ pageSize: PAGE, clockTicksPerSecond: 100, memoryBytes: 2048 * MIB },
      },
    },
  });
  [LEAKY, HOSTILE, CHURNY, BROKEN, SPIKY, KILLED].forEach((identity, slot) => {
    author.arrive(slot, identity);
  });
  for (let slot = 6; slot < PROCESSES; slot++) author.arrive(slot, someone(200 + slot, `still-${slot}`));
  author.writer.command(author.nowNs, { pid: 101, startTicks: 201, exe: '/bin/x', args: ['x', SCRIPT] });
  for (let tick = 0; tick < TICKS; tick++) {
    if (tick === GAP.tick) author.sweep({ missed: GAP.ticks });
    setMemory(author, tick);
    if (tick === 30) author.writer.event(author.nowNs, { type: 'begin', name: `load ${MARKUP}`, span: 1 });
    if (tick === 60) author.writer.event(author.nowNs, { type: 'end', span: 1 });
    if (tick === 90) author.writer.event(author.nowNs, { type: 'mark', name: 'phase two' });
    if (tick === 95) author.writer.event(author.nowNs, { type: 'begin', name: 'gc', span: 2 });
    if (tick === 96) author.writer.event(author.nowNs, { type: 'end', span: 2 });
    if (tick === 100) {
      author.writer.event(author.nowNs, {
        type: 'exec',
        pid: 102,
        startTicks: 202,
        comm: 'churny',
        exe: '/bin/churny',
      });
    }
    if (tick === 150) {
      const who = { pid: 105, startTicks: 205, comm: 'victim' };
      author.writer.event(author.nowNs, { type: 'mark', name: 'oom', ...who });
      author.writer.event(author.nowNs, { type: 'exit', ...who, exitStatus: 9, cpuNs: 1e9, peak: 300 * MIB });
      author.depart(5);
    }
    author.sweep({ ownCpuNs: tick * 1e5, latenessNs: 2e5 });
    if (tick % 25 === 0)
      author.deep([0], {
        pss: (16 + tick) * MIB,
        uss: (12 + tick) * MIB,
        swap: 0,
        pssAnon: (12 + tick) * MIB,
        pssFile: 4 * MIB,
        pssShmem: 0,
      });
    if (tick % 25 === 1) author.deep([3], {}, Status.denied);
    if (tick === 3) author.deep([4], { pss: 15 * MIB, uss: 14 * MIB, swap: 0 });
    if (tick % 40 === 5) writeMappings(author, tick);
  }
  author.close(true);
}

/** A recording of so many ticks of one process. */
export function writeShort(file: string, ticks: number): void {
  const author = new Author({ storage: FileStorage.create(file, 2 ** 22) });
  author.arrive(0, LEAKY);
  for (let tick = 0; tick < ticks; tick++) {
    author.set(0, { rss: (tick + 1) * MIB });
    author.sweep();
  }
  author.close(true);
}

function setMemory(author: Author, tick: number): void {
  const cpu = { userTime: tick * 1e7, systemTime: 0, minorFaults: tick * 256, majorFaults: 0 };
  author.set(0, { rss: (20 + tick) * MIB, rssAnon: (12 + tick) * MIB, ...cpu });
  author.set(1, { rss: 30 * MIB, rssAnon: 10 * MIB });
  author.set(2, { rss: (tick % 2 === 0 ? 10 : 90) * MIB, rssAnon: 8 * MIB });
  author.set(3, { rss: 5 * MIB, rssAnon: MIB });
  author.set(4, { rss: tick === SPIKE.tick ? SPIKE.bytes : 15 * MIB, rssAnon: MIB });
  if (tick < 150) author.set(5, { rss: 300 * MIB, rssAnon: 290 * MIB });
  for (let slot = 6; slot < PROCESSES; slot++) author.set(slot, { rss: slot * 64 * 1024, rssAnon: 64 * 1024 });
}

/** A heap that grows, a library, a mapping that is there only at first, and one whose name is markup. */
function writeMappings(author: Author, tick: number): void {
  const heap = (8 + tick) * 256;
  const lines = [
    mapping(0x55000, 16, 'r-xp', '/bin/leaky', 64),
    mapping(0x55010, heap, 'rw-p', '[heap]', heap * 4),
    ...(tick < 50 ? [mapping(0x7f0000, 256, 'rw-p', '', 1024)] : []),
    mapping(0x7f1000, 64, 'r-xp', '/lib/libc.so.6', 128),
    mapping(0x7f2000, 4, 'rw-s', `/tmp/${MARKUP}`, 16),
    mapping(0x7ff000, 33, 'rw-p', '[stack]', 132),
  ];
  storeMappings(author, LEAKY, tick, lines.join(''));
}

/** Lines of smaps. */
export function mapping(page: number, pages: number, perms: string, name: string, rssKib: number): string {
  const [from, to] = [page, page + pages].map((at) => (at * PAGE).toString(16));
  const inode = name.startsWith('/') ? 7 : 0;
  return `${from}-${to} ${perms} 00000000 08:01 ${inode} ${name}\nSize: ${pages * 4} kB\nRss: ${rssKib} kB\nPss: ${rssKib} kB\nPrivate_Dirty: ${rssKib} kB\nSwap: 0 kB\n`;
}
