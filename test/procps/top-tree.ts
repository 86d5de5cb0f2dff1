/**
 * A procfs tree for top: what this host has now, and beside it processes that no host has, one for each way in which a
 * number or a name can be written.
 *
 * The trap: procps takes the user from the owner of a process's folder, so the folders are given away, which root alone
 * may do.
 */
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const HOST_FILES = ['stat', 'uptime', 'loadavg', 'cpuinfo', 'version', 'self/stat'];
const KERNEL_FILES = ['sys/kernel/pid_max', 'sys/kernel/osrelease'];
const PROCESS_FILES = ['stat', 'statm', 'status', 'cmdline', 'auxv'];
/** Above every pid that this host gives out while the test runs is not certain, but a made one wins over a live one. */
const FIRST_MADE_PID = 31_000;

export interface MadeProcess {
  readonly comm?: string | Buffer;
  readonly state?: string;
  readonly ticks?: number;
  readonly childTicks?: number;
  readonly priority?: number;
  readonly nice?: number;
  readonly pages?: number;
  readonly uid?: number;
  readonly cmdline?: string | Buffer;
}

const USERS: readonly (readonly [string, number])[] = [
  ['eightcha', 70_001],
  ['ninechars', 70_002],
  ['größenwahn', 70_003],
  ['漢字漢字漢字', 70_004],
  ['x'.repeat(40), 70_005],
];

const PRIORITIES = [-100, -99, -51, -2, 0, 5, 39, 120, 999, 1000];
const NICES = [-20, -1, 0, 5, 19];
/** Pages: where a size loses its unit's last digit, and where a `float` loses the number's. */
const SIZES = [
  0, 1, 24_999, 25_000, 249_999, 250_000, 2_499_999, 2_500_000, 2_600_000, 25_000_000, 250_000_000, 268_435_456,
  2_684_354_560, 26_843_545_600, 268_435_456_000, 2_684_354_560_000, 1_234_567, 7_654_321, 4_294_967, 26_227_507,
];
/** Ticks of 10 ms: the last of every form of a time and the first of the next. */
const TIMES = [
  1, 99, 100, 5999, 6000, 359_999, 360_000, 2_159_999, 2_160_000, 2_165_999, 2_166_000, 34_559_999, 34_560_000,
  34_919_999, 34_920_000, 120_960_000, 129_599_999, 129_600_000, 500_000_000, 5_000_000_000,
];
const NAMES: readonly (string | Buffer)[] = [
  'a b',
  'a)b (c',
  'new\nline',
  'esc\x1b[31m',
  'tab\tx',
  'del\x7f',
  'größe',
  '漢字漢字漢字漢',
  '日本',
  '',
  '   ',
  'x'.repeat(63),
  'é'.repeat(31),
  'a\\x1bb',
];
/** What is not UTF-8 stands at the end here: before more text procps lets it pass as it is, and we do not. */
const CUT_NAMES = [
  Buffer.from('cut\xc3', 'latin1'),
  Buffer.from('caf\xe9', 'latin1'),
  Buffer.from('\xfflost', 'latin1'),
];
const COMMAND_LINES = [
  '\0',
  ' ',
  'a ',
  'a\0',
  'a\0\0b\0',
  '\n\n',
  'long '.repeat(300),
  'ä'.repeat(200),
  '/bin/x\0-a\nb\0\0',
];

/** Numbers that a `float` does not hold, and one that does not fit its column. */
const MEMINFO = `MemTotal:       98765433 kB
MemFree:        33554433 kB
MemAvailable:   50331651 kB
Buffers:          123457 kB
Cached:         17000001 kB
SwapTotal:     1234567891 kB
SwapFree:       20000001 kB
SReclaimable:     345679 kB
`;

const MADE: readonly MadeProcess[] = [
  ...PRIORITIES.map((priority) => ({ priority })),
  ...NICES.map((nice) => ({ nice })),
  ...SIZES.map((pages) => ({ pages })),
  ...TIMES.map((ticks) => ({ ticks, childTicks: 107 })),
  ...Array.from('RSDTtZXIPW', (state) => ({ state, comm: `state ${state}` })),
  ...USERS.map(([, uid]) => ({ uid })),
  { uid: 12_345 },
  { uid: 4_294_967_294 },
  ...NAMES.map((comm) => ({ comm, cmdline: Buffer.concat([Buffer.from(comm), Buffer.from('\0one two\0\0')]) })),
  ...CUT_NAMES.map((comm) => ({ comm, cmdline: comm })),
  ...COMMAND_LINES.map((cmdline) => ({ cmdline })),
];

export interface Tree {
  /** The folder that stands for `/proc`. */
  readonly proc: string;
  /** The `passwd` that names its users. */
  readonly passwd: string;
  /** Made processes. */
  readonly pids: readonly number[];
  remove(): void;
}

/** Makes the tree. Must run as root. */
export function makeTree(): Tree {
  const top = mkdtempSync(path.join(tmpdir(), 'top-tree-'));
  const proc = path.join(top, 'proc');
  for (const folder of ['etc', 'proc/self', 'proc/sys/kernel']) mkdirSync(path.join(top, folder), { recursive: true });
  for (const file of [...HOST_FILES, ...KERNEL_FILES]) copy(file, proc);
  writeFileSync(path.join(proc, 'meminfo'), MEMINFO);
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) copyProcess(pid, proc);
  const pids = MADE.map((made, index) => {
    writeProcess(proc, FIRST_MADE_PID + index, made);
    return FIRST_MADE_PID + index;
  });
  const passwd = path.join(top, 'etc/passwd');
  const users = USERS.map(([name, uid]) => `${name}:x:${uid}:1::/:/bin/sh\n`).join('');
  writeFileSync(passwd, readFileSync('/etc/passwd', 'utf8') + users);
  return { proc, passwd, pids, remove: () => rmSync(top, { recursive: true }) };
}

function copy(file: string, proc: string): void {
  writeFileSync(path.join(proc, file), readFileSync(path.join('/proc', file)));
}

/** A process that ends while it is copied is left out. */
function copyProcess(pid: string, proc: string): void {
  const folder = path.join(proc, pid);
  mkdirSync(folder);
  try {
    for (const file of PROCESS_FILES) copy(`${pid}/${file}`, proc);
    const uid = Number(/^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(path.join(folder, 'status'), 'latin1'))![1]);
    chownSync(folder, uid, uid);
  } catch {
    rmSync(folder, { recursive: true });
  }
}

/** Writes the files of a process that no host has; over one that is there. */
export function writeProcess(proc: string, pid: number, made: MadeProcess): void {
  const { comm = 'made', state = 'S', ticks = 0, childTicks = 0, priority = 20, nice = 0 } = made;
  const { pages = 1000, uid = 0, cmdline = '' } = made;
  const folder = path.join(proc, String(pid));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const after =
    `${state} 1 ${pid} ${pid} 0 -1 4194304 10 0 3 0 ${ticks} 0 ${childTicks} 0 ${priority} ${nice} 1 0 500 ` +
    `${pages} ${pages} 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n`;
  writeFileSync(
    path.join(folder, 'stat'),
    Buffer.concat([Buffer.from(`${pid} (`), Buffer.from(comm), Buffer.from(`) ${after}`)]),
  );
  writeFileSync(path.join(folder, 'statm'), `${pages} ${pages} ${Math.floor(pages / 2)} 1 0 ${pages} 0\n`);
  writeFileSync(
    path.join(folder, 'status'),
    `Name:\tmade\nTgid:\t${pid}\nPid:\t${pid}\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`,
  );
  writeFileSync(path.join(folder, 'cmdline'), cmdline);
  chownSync(folder, uid, uid);
}
