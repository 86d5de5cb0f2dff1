/** `tidemark segments` on live processes and captured text, as a user runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './recorder/workload.js';
import { runTidemark } from './tidemark-process.js';

const FIXTURES = new URL('./fixtures/segments/', import.meta.url);
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-segments-'));
const children: ChildProcess[] = [];

const PROGRAMS: Record<string, [string, ...string[]]> = {
  sleep: ['sleep', '1000'],
  python: [
    'python3',
    '-c',
    'import threading,time\nthreading.Thread(target=time.sleep,args=(1000,)).start()\nprint("up",flush=True)',
  ],
  node: [process.execPath, '-e', 'console.log("up"); setTimeout(() => {}, 1e6)'],
};

beforeAll(async () => {
  for (const [program, ...words] of Object.values(PROGRAMS)) {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    if (program !== 'sleep') await once(child.stdout!, 'data');
    else await until(() => readFileSync(`/proc/${child.pid}/maps`, 'latin1').includes('[heap]'), 'the heap of sleep');
    child.kill('SIGSTOP');
  }
  writeFileSync(path.join(folder, 'c-pie.smaps'), gunzipSync(readFileSync(new URL('c-pie.smaps.gz', FIXTURES))));
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** The sums of one key over a text of smaps, in bytes. */
function summed(text: string, key: string): number {
  return Array.from(text.matchAll(new RegExp(`^${key}: +(\\d+) kB$`, 'gm')), ([, kb]) => Number(kb)).reduce(
    (a, b) => a + b * 1024,
    0,
  );
}

describe.each(Object.keys(PROGRAMS))('a live %s', (name) => {
  const pid = () => children[Object.keys(PROGRAMS).indexOf(name)]!.pid!;

  it('has a class for every mapping, and the sums of its smaps', async () => {
    const text = readFileSync(`/proc/${pid()}/smaps`, 'latin1');
    const { code, stdout, stderr } = await runTidemark(['segments', String(pid()), '--json', '--tree']);
    expect([code, stderr]).toEqual([0, '']);
    const { classes, total, status } = JSON.parse(stdout);
    expect(status).toBe('ok');
    expect(total).toMatchObject({
      count: (text.match(/^VmFlags:/gm) ?? []).length,
      size: summed(text, 'Size'),
      rss: summed(text, 'Rss'),
      dirty: summed(text, 'Shared_Dirty') + summed(text, 'Private_Dirty'),
      swap: summed(text, 'Swap'),
    });
    const add = (field: string) => classes.reduce((sum: number, one: Record<string, number>) => sum + one[field]!, 0);
    for (const field of ['count', 'size', 'rss', 'pss', 'dirty', 'swap']) expect(add(field), field).toBe(total[field]);
    for (const one of classes) expect(one.mappings).toHaveLength(one.count);
    const found = classes.map((one: { class: string }) => one.class);
    expect(found).toEqual(expect.arrayContaining(['text', 'rodata', 'heap', 'stack', 'lib-text', 'lib-data', 'vdso']));
    if (name === 'python') expect(found).toContain('thread-stack');
    if (name === 'node') expect(found).toContain('jit');
  });

  it('is printed the same by both engines, with a total that adds up', async () => {
    // As captured, since Pss moves with other processes.
    const file = path.join(folder, `${name}.smaps`);
    writeFileSync(file, readFileSync(`/proc/${pid()}/smaps`));
    for (const form of [[], ['--json'], ['--tree'], ['--tree', '--json']]) {
      const words = ['segments', '--in', file, ...form];
      const [ts, native] = await Promise.all(
        ['ts', 'native'].map((engine) => runTidemark([...words, '--engine', engine])),
      );
      expect(native).toEqual(ts);
      expect(native!.stdout.length).toBeGreaterThan(1000);
    }
    const plain = (await runTidemark(['segments', String(pid())])).stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.match(/ (\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)(?= |$)/)!);
    const [total] = plain.slice(-1);
    for (let column = 1; column <= 6; column++) {
      expect(plain.slice(1, -1).reduce((sum, line) => sum + Number(line[column]), 0)).toBe(Number(total![column]));
    }
  });
});

describe('captured text', () => {
  const file = () => path.join(folder, 'c-pie.smaps');

  it('is read from a file and from stdin alike', async () => {
    const fromFile = await runTidemark(['segments', '--in', file()]);
    const fromStdin = await runTidemark(['segments', '--in', '-'], { input: readFileSync(file()) });
    expect(fromStdin.stdout).toBe(fromFile.stdout);
    expect(fromFile.stdout).toMatch(
      /^Type +Example Mapping +Permissions +Size +Rss +Pss +Dirty +Swap +Count +Notes\ntext /,
    );
    expect(fromFile.stdout).toMatch(/^heap +\[heap\] +rw-p +132 /m);
    expect(fromFile.stdout).toMatch(/^hugetlb .* 2048 +0 +0 /m);
  });

  it('lacks what maps do not tell, and does not call it 0', async () => {
    const heads = readFileSync(file(), 'latin1')
      .split('\n')
      .filter((line) => /^[0-9a-f]+-/.test(line));
    const input = `${heads.join('\n')}\n`;
    const { stdout } = await runTidemark(['segments', '--in', '-'], { input });
    expect(stdout).toMatch(/^heap +\[heap\] +rw-p +132 +- +- +- +- +1 /m);
    const { total } = JSON.parse((await runTidemark(['segments', '--in', '-', '--json'], { input })).stdout);
    expect(Object.keys(total)).toEqual(['count', 'size']);
  });

  it('is a whole tree with --procfs, where exe tells the program', async () => {
    const tree = path.join(folder, 'tree');
    mkdirSync(path.join(tree, '7'), { recursive: true });
    cpSync(file(), path.join(tree, '7', 'smaps'));
    const programOf = async () =>
      JSON.parse((await runTidemark(['segments', '7', '--json', '--procfs', tree])).stdout).program;
    expect(await programOf()).toBe('/srv/example/c-pie');
    symlinkSync('/usr/lib/x86_64-linux-gnu/libc.so.6', path.join(tree, '7', 'exe'));
    expect(await programOf()).toBe('/usr/lib/x86_64-linux-gnu/libc.so.6');
  });

  it('may name mappings as it likes', async () => {
    const input =
      '1000-2000 rw-p 00000000 00:00 0 /a\u001b[2J\u202eb \nRss: 4 kB\n2000-3000 rw-p 00000000 00:00 0 [anon:\u0007]\nRss: 4 kB\n';
    const { stdout } = await runTidemark(['segments', '--tree', '--in', '-'], { input });
    expect(stdout).toContain('/a\\x1B[2J\\xE2\\x80\\xAEb');
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});

describe('what cannot be shown', () => {
  it.each([
    [['999999999'], 4, 'tidemark segments: there is no process 999999999\n'],
    [['2'], 0, 'tidemark segments: process 2 is a kernel thread: it has no memory of its own\n'],
    [[], 2, 'tidemark segments: expected one pid, got none\n'],
    [['1', '2'], 2, 'tidemark segments: expected one pid, got 2\n'],
    [['one'], 2, 'tidemark segments: PID: "one" is not a pid; allowed: a whole number from 1 to 2^31 - 1\n'],
    [['--in', '/no/such', '1'], 1, 'tidemark segments: /no/such: no such file\n'],
    [['--in', '/no/such'], 1, 'tidemark segments: "/no/such": no such file\n'],
    [['--in', '/dev/null'], 0, 'tidemark segments: "/dev/null" is empty\n'],
  ])('%j is exit %i', async (words, code, stderr) => {
    expect(await runTidemark(['segments', ...words])).toEqual({ code, stdout: '', stderr });
  });

  it('is the memory of another user, exit 5', async () => {
    const words = [
      '--reuid=65534',
      '--clear-groups',
      process.execPath,
      new URL('../dist/cli/main.js', import.meta.url).pathname,
    ];
    const child = spawn('setpriv', [...words, 'segments', '1'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(child, 'close');
    expect([code, stderr]).toEqual([5, 'tidemark segments: the smaps of process 1: permission denied\n']);
  });
});

it('fits a terminal of any width', async () => {
  for (const width of [20, 40, 63, 64, 80, 107, 108, 160]) {
    const { segmentsLines } = await import('../dist/views/segments-table.js');
    const { MappingTable, tokenizeGrowing } = await import('../dist/procfs/mapping-table.js');
    const { tokenizeSmaps } = await import('../dist/procfs/smaps.js');
    const { classifyMappings } = await import('../dist/analyze/classify.js');
    const { pad } = await import('../dist/procfs/padding.js');
    const { bytes, length } = pad(readFileSync(path.join(folder, 'c-pie.smaps')));
    const table = tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(64));
    const segments = { table, bytes, classification: classifyMappings(table, bytes) };
    for (const tree of [false, true]) {
      const lines = segmentsLines(segments, { width, tree });
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
      expect(lines.at(-1)).toMatch(/^total/);
    }
  }
});
