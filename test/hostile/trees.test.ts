/**
 * A `--procfs` that no kernel made: FIFOs, devices, files without an end, and files that cannot seek. Each command says within
 * moments which file is none, or reads what can be read; it neither waits nor fills the memory.
 *
 * It found: units of a host were read from whatever stood there, for ever; a device was read until the memory was full; `smaps_rollup` of
 * a tree that cannot seek was `unsupported` with the addon and read without.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTidemark } from '../recorder/command.js';
import { endChild, scratch, startSleep, until } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { compile } from './programs.js';

let folder: ReturnType<typeof scratch>;
beforeAll(() => {
  folder = scratch();
});
afterAll(() => folder[Symbol.dispose]());

const OF_PROCESS = [
  ...[
    'auxv',
    'cgroup',
    'clear_refs',
    'cmdline',
    'comm',
    'environ',
    'limits',
    'maps',
    'oom_score',
    'oom_score_adj',
    'smaps',
  ],
  ...['smaps_rollup', 'stat', 'statm', 'status'],
];
const OF_HOST = ['cgroups', 'loadavg', 'meminfo', 'stat', 'uptime', 'vmstat', 'zoneinfo'];

/** A tree of two processes; `put` makes its files. */
function makeTree(name: string, put: (files: readonly string[]) => void): string {
  const root = folder.file(name);
  for (const pid of ['1', '20']) mkdirSync(path.join(root, pid), { recursive: true });
  put([...['1', '20'].flatMap((pid) => OF_PROCESS.map((file) => path.join(root, pid, file))), ...filesOf(root)]);
  return root;
}
const filesOf = (root: string) => OF_HOST.map((file) => path.join(root, file));

/** Some seconds, and more where every processor is busy. */
const MOST_MS = 120_000;
const UNITS = ['--page-size', '4096', '--clock-ticks', '100'];
const COMMANDS = (out: string): readonly (readonly string[])[] => [
  ['ps', 'aux'],
  ['top', '-b', '-n', '1', ...UNITS],
  ['maps', '1'],
  ['pmap', '-x', '1'],
  ['segments', '1'],
  ['wss', '1', '--for', '1s'],
  ['why', '1', '--for', '1s'],
  ['host'],
  ['verify', ...UNITS],
  ['record', '--for', '1s', '-o', path.join(out, 'a.tide')],
  ['record', '--for', '1s', ...UNITS, '--engine', 'native', '-o', path.join(out, 'b.tide')],
  ['record', '--for', '1s', ...UNITS, '--engine', 'ts', '--pid', '1', '-o', path.join(out, 'c.tide')],
  ['agent', '--ring', path.join(out, 'ring'), '--listen', '127.0.0.1:0'],
];

/** Each command on the tree, two at a time; what is wrong with its end, if anything. */
async function judged(root: string, isAsked: (words: readonly string[]) => boolean = () => true): Promise<string[]> {
  const wrong: string[] = [];
  const out = `${root}-out`;
  mkdirSync(out);
  const waiting = COMMANDS(out).filter(isAsked);
  const work = async () => {
    for (let words = waiting.shift(); words !== undefined; words = waiting.shift()) {
      const startMs = performance.now();
      const { code, stderr } = await startTidemark([...words, '--procfs', root], folder.path).ended;
      const took = performance.now() - startMs;
      const lines = stderr.trimEnd().split('\n');
      // An agent says first what it is about to do.
      const isClear = (lines.length === 1 || words[0] === 'agent') && lines.at(-1)!.includes(root);
      if (code === null || ![1, 2, 4, 5, 42].includes(code) || !isClear || / at .*:\d+/.test(stderr)) {
        wrong.push(`${words.join(' ')}: ${code} after ${Math.round(took)} ms: ${stderr}`);
      }
    }
  };
  await Promise.all([work(), work()]);
  return wrong;
}

describe('a tree whose files are', () => {
  it(
    'FIFOs is told by every command',
    async () => {
      const root = makeTree('fifos', (files) => execFileSync('mkfifo', files));
      expect(await judged(root)).toEqual([]);
    },
    MOST_MS,
  );

  it(
    'devices without an end is told by every command',
    async () => {
      const root = makeTree('devices', (files) => {
        for (const file of files) symlinkSync('/dev/zero', file);
      });
      expect(await judged(root)).toEqual([]);
      const doctor = await runTidemark(['doctor', '--procfs', root]);
      expect(doctor).toMatchObject({ code: 0, stderr: '' });
    },
    MOST_MS,
  );
});

/** A file system of odd-procfs.c over a tree, until it is let go. */
async function mountOdd(mode: string, source: string): Promise<{ readonly root: string } & AsyncDisposable> {
  const root = folder.file(`mount-${mode}`);
  mkdirSync(root);
  const flags = ['-I/usr/include/fuse3', '-D_FILE_OFFSET_BITS=64'];
  const program = compile('odd-procfs', folder.path, flags, ['-lfuse3']);
  // Ahead of others: a read that its turn delays is given up as one that is stuck.
  const child: ChildProcess = spawn('nice', ['-n', '-20', program, mode, source, root], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await until(() => existsSync(path.join(root, source === '/proc' ? 'loadavg' : '1')), 'the mount');
  return {
    root,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

describe.runIf(process.getuid?.() === 0)('a file system whose files', () => {
  it(
    'are one line without an end is told by those that read mappings, by lists and by a recorder',
    async () => {
      const source = makeTree('of-lines', (files) => {
        for (const file of files) writeFileSync(file, '');
      });
      await using mount = await mountOdd('lines', source);
      const asked = ['ps', 'maps', 'segments', 'verify', 'record'];
      expect(await judged(mount.root, ([name]) => asked.includes(name!))).toEqual([]);
    },
    MOST_MS,
  );

  it(
    'cannot seek is read as the kernel’s own, by both engines',
    async () => {
      const child = startSleep(600);
      try {
        await using mount = await mountOdd('seekless', '/proc');
        const pid = String(child.pid);
        for (const words of [
          ['maps', pid],
          ['ps', '-o', 'pid,rss,comm', '-p', pid],
        ]) {
          const own = await runTidemark(words);
          // Where every processor is busy a read may be given up as one that is stuck.
          let odd = await runTidemark([...words, '--procfs', mount.root]);
          for (let tried = 0; tried < 8 && /no answer in time/.test(odd.stderr); tried++) {
            odd = await runTidemark([...words, '--procfs', mount.root]);
          }
          expect({ words, ...odd }).toEqual({ words, ...own });
        }
        const read: unknown[] = [];
        for (const engine of ['native', 'ts']) {
          const file = folder.file(`seekless-${engine}.tide`);
          const words = [
            'record',
            '--hz',
            '20',
            '--for',
            '1s',
            '--size',
            '4M',
            '--rollup',
            '5',
            '--mappings',
            '5',
            '--pid',
            pid,
          ];
          const given = ['--max-hold', '1s', '--procfs', mount.root, '--engine', engine, '-o', file];
          const { code, stderr } = await startTidemark([...words, ...given], folder.path).ended;
          expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('recorded') });
          using recording = openRecording(file);
          const { coverage, ticks } = recording.summary();
          expect(ticks.recorded).toBeGreaterThan(1);
          const { 'missed-tick': _, timeout: __, ...others } = coverage.dropped;
          expect(others).toEqual({});
          const [one] = recording.at(recording.endNs)!.processes;
          const { rss, pss, vsize, oomScoreAdj } = one!.values;
          read.push({ ...{ rss, vsize, oomScoreAdj }, mappings: recording.mappingsOf(one!)[0]?.table.rows });
          expect(one!.countersStatus).toBe('ok');
          // Who else maps the same changes it at any time.
          expect(pss).toEqual(expect.any(Number));
        }
        expect(read[0]).toEqual(read[1]);
        expect(read[0]).toMatchObject({
          rss: expect.any(Number),
          mappings: expect.any(Number),
        });
      } finally {
        await endChild(child);
      }
    },
    MOST_MS,
  );
});
