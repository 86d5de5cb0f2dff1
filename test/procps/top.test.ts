/**
 * `tidemark top -b` against procps' own top, byte for byte.
 *
 * Where both see the same tree (procps by a bind mount over /proc in a mount namespace of its own, which needs root) every
 * line must be the same but for the time of day and the users, which are not in the tree. Live, the rows of stopped
 * processes must be.
 */
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTidemark } from '../tidemark-process.js';
import { makeTree, type Tree } from './top-tree.js';

const run = promisify(execFile);
const UTF8 = { LC_ALL: 'C.UTF-8', COLUMNS: '', LINES: '' };
/** Found by its name alone: a configuration of the user who runs this must not count. */
const HOMELESS = { HOME: '/nonexistent', XDG_CONFIG_HOME: '/nonexistent' };

async function procpsTop(words: readonly string[], env: Record<string, string> = UTF8): Promise<string> {
  const { stdout } = await run('top', ['-b', ...words], {
    env: { ...process.env, ...HOMELESS, ...env },
    maxBuffer: 2 ** 26,
  });
  return stdout;
}

async function ourTop(words: readonly string[], env: Record<string, string> = UTF8): Promise<string> {
  const { code, stdout, stderr } = await runTidemark(['top', '-b', ...words], { env });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

/** Without what neither tree tells: the time of day, and how many are logged in. */
function comparable(text: string): string[] {
  return text
    .replaceAll(/^top - [\d:?]{8}/gm, 'top - TIME')
    .replaceAll(/ +[\d?]+ users?,/g, ' USERS,')
    .split('\n');
}

describe('the same tree', () => {
  let tree: Tree;
  beforeAll(() => {
    tree = makeTree();
  });
  afterAll(() => tree?.remove());

  async function procpsOn(words: readonly string[], env: Record<string, string>): Promise<string> {
    const script = 'mount --bind "$1" /etc/passwd && mount --bind "$2" /proc && shift 2 && exec top -b "$@"';
    const { stdout } = await run('unshare', ['-m', 'sh', '-c', script, 'sh', tree.passwd, tree.proc, ...words], {
      env: { ...process.env, ...HOMELESS, ...env },
      maxBuffer: 2 ** 26,
    });
    return stdout;
  }

  async function expectSame(words: readonly string[], env: Record<string, string> = UTF8): Promise<string[]> {
    const theirs = comparable(await procpsOn(words, env));
    const ours = comparable(await ourTop(['--procfs', tree.proc, ...words], env));
    expect(ours).toEqual(theirs);
    return ours;
  }

  it('has a row for every process', async () => {
    const lines = await expectSame(['-n', '1', '-o', 'PID']);
    // The seven lines above the processes, those that were made, and this host's own: at least the one that runs this.
    expect(lines.length).toBeGreaterThan(7 + tree.pids.length);
  });

  it.each([
    ['-c -w 200'],
    ['-c -w'],
    ['-S -w 150'],
    ['-1 -w 300'],
    ['-1'],
    ['-i'],
    ['-i -i'],
    ['-e m -E k'],
    ['-e g -E g'],
    ['-e t -E t'],
    ['-e p -E p'],
    ['-E e'],
    ['-u ninechars'],
    ['-u 70003'],
    ['-U 70004'],
    ['-u !root'],
    ['-U !0'],
  ])('with %s', async (words) => {
    await expectSame(['-n', '1', '-o', 'PID', ...words.split(' ')]);
  });

  it.each([3, 6, 20, 69, 70, 76, 77, 79, 512])('in %i columns', async (columns) => {
    await expectSame(['-n', '1', '-o', '-PID', '-w', String(columns)]);
  });

  it.each([
    ['', '100'],
    ['-w', '100'],
    ['', '2'],
    ['', '1000'],
    ['-w', '40'],
  ])('with words "%s" and COLUMNS=%s', async (word, columns) => {
    await expectSame(['-n', '1', '-o', 'PID', ...(word ? [word] : [])], { ...UTF8, COLUMNS: columns });
  });

  const FIELDS =
    'PPID UID USER RUID SUID PGRP SID PR NI nTH P %CPU TIME TIME+ %MEM VIRT RES CODE DATA SHR nMaj nMin S COMMAND';
  it.each(FIELDS.split(' ').map((field, index) => (index % 2 === 0 ? field : `-${field}`)))(
    'sorted by %s, with those that are equal in the order asked for',
    async (field) => {
      // No more than 20 pids, which is what procps takes.
      const step = Math.ceil(tree.pids.length / 20);
      const pids = tree.pids.filter((_pid, index) => index % step === 0).reverse();
      await expectSame(['-n', '1', '-o', field, '-p', pids.join(',')]);
    },
  );

  it('in a locale without UTF-8', async () => {
    const pids = tree.pids.slice(-26, -8);
    await expectSame(['-n', '1', '-c', '-w', '120', '-p', pids.join(',')], { ...UTF8, LC_ALL: 'C' });
  });

  it('frame after frame', async () => {
    const lines = await expectSame(['-n', '3', '-d', '0.1', '-p', `1,${tree.pids[0]}`]);
    expect(lines.filter((line) => line.startsWith('top - '))).toHaveLength(3);
  });

  it('with the pids of a host that gives out longer ones', async () => {
    const pidMax = path.join(tree.proc, 'sys/kernel/pid_max');
    const before = readFileSync(pidMax);
    for (const largest of ['4194304\n', '100000\n', '999\n']) {
      writeFileSync(pidMax, largest);
      await expectSame(['-n', '1', '-o', 'PID', '-c']);
    }
    writeFileSync(pidMax, before);
  });

  it.each(['59.99', '3599.00', '3600.00', '86399.99', '90061.00', '180000.50'])(
    'of a host that is up for %s s',
    async (up) => {
      const uptime = path.join(tree.proc, 'uptime');
      const before = readFileSync(uptime);
      writeFileSync(uptime, `${up} 1.00\n`);
      await expectSame(['-n', '1', '-p', '1']);
      writeFileSync(uptime, before);
    },
  );

  it('of pids that are not there', async () => {
    expect(await expectSame(['-n', '1', '-p', '4000000'])).toHaveLength(8);
  });

  it('is the same with both engines', async () => {
    const words = ['-n', '1', '-c', '-o', 'PID', '--procfs', tree.proc];
    expect(await ourTop([...words, '--engine', 'ts'])).toBe(await ourTop([...words, '--engine', 'native']));
  });

  it('lets nothing through that a terminal obeys', async () => {
    const text = await ourTop(['-n', '1', '-c', '-w', '512', '--procfs', tree.proc]);
    expect(text).toMatch(/esc\?\[31m/);
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describe('live', () => {
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    const start = (command: string, words: string[], options: SpawnOptions = {}) => {
      children.push(spawn(command, words, { stdio: 'ignore', ...options }));
    };
    start('sleep', ['1000']);
    start('sleep', ['1000'], { uid: 65_534 });
    start('sleep', ['1000'], { argv0: '\x1b[31mred\nline' });
    start('nice', ['-n', '7', 'sleep', '1000']);
    start('chrt', ['-i', '0', 'sleep', '1000']);
    start('python3', ['-c', 'x = bytearray(50_000_000)\nimport time\ntime.sleep(1000)']);
    start(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    for (const child of children) process.kill(child.pid!, 'SIGSTOP');
  });
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  const pids = () => children.map(({ pid }) => pid).join(',');
  const rowsOf = (text: string) => text.slice(text.indexOf('\n\n') + 2);

  it.each([['-n 1'], ['-n 1 -c -w 200'], ['-n 1 -o RES'], ['-n 2 -d 0.1 -o -VIRT']])(
    'stopped processes, %s',
    async (words) => {
      const asked = [...words.split(' '), '-p', pids()];
      const last = (text: string) => rowsOf(text.slice(text.lastIndexOf('top - ')));
      const theirs = last(await procpsTop(asked));
      expect(theirs.split('\n').length).toBe(children.length + 2);
      expect(last(await ourTop(asked))).toBe(theirs);
    },
  );

  it('has the same header, with numbers that have hardly moved', async () => {
    const [theirs, ours] = [await procpsTop(['-n', '1', '-p', pids()]), await ourTop(['-n', '1', '-p', pids()])].map(
      headerOf,
    );
    expect(ours!.layout).toEqual(theirs!.layout);
    const { total, ...moving } = ours!.memory;
    expect(total).toBe(theirs!.memory.total);
    // A tenth of the memory within the second between the two.
    for (const [name, mebibytes] of Object.entries(moving)) {
      expect(Math.abs(mebibytes - theirs!.memory[name as 'free']), name).toBeLessThan(total / 10);
    }
  });

  it('gives a busy process the share that procps gives it', async () => {
    const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
    try {
      const words = ['-n', '2', '-d', '1.5', '-p', String(busy.pid)];
      const shares = (await Promise.all([procpsTop(words), ourTop(words)])).map((text) =>
        Number(text.trimEnd().split('\n').at(-1)!.trim().split(/\s+/)[8]),
      );
      expect(shares[0]).toBeGreaterThan(10);
      expect(Math.abs(shares[1]! - shares[0]!)).toBeLessThan(25);
    } finally {
      busy.kill('SIGKILL');
    }
  });

  it('goes on without a process that ends between two frames', async () => {
    const short = spawn('sleep', ['0.8'], { stdio: 'ignore' });
    const frames = (await ourTop(['-n', '2', '-d', '1.5', '-p', `${short.pid},${children[0]!.pid}`])).split('top - ');
    expect(frames[1]).toMatch(/Tasks: {3}2 total/);
    expect(frames[2]).toMatch(/Tasks: {3}1 total/);
  });
});

/** The header with every number as a `#` of its width, and the numbers of memory in MiB. */
function headerOf(text: string) {
  const lines = text.slice(0, text.indexOf('\n\n')).split('\n');
  const [memory, swap] = lines
    .slice(3)
    .map((line) => Array.from(line.matchAll(/\d[\d.]*(?= )/g), ([number]) => Number(number)));
  return {
    // The first line holds names of units that come and go with the time: it is compared on the tree.
    layout: lines.slice(1).map((line) => line.replace(/ *[\d.]+/g, (number) => '#'.repeat(number.length))),
    memory: { total: memory![0]!, free: memory![1]!, used: memory![2]!, cached: memory![3]!, available: swap![3]! },
  };
}
