/** Every form of `tidemark pmap` against the pmap of procps that is installed, byte for byte. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endChildren, makeFifo, procText, startChild, statWords, until } from '../engine/commands.js';
import { MAIN, runTidemark } from '../tidemark-process.js';
import { captureTree, makeTree, procpsPmap, procpsPmapOf, startMapKinds, tidemarkPmap } from './map-kinds.js';
import { tornMaps } from './torn-maps.js';

const LOCALES = ['C.UTF-8', 'C', 'xx_XX.UTF-8'];
const MISSING = '2147483646';
/** Those without Pss, which moves with other processes. */
const STEADY_FORMS = ['', '-p', '-q', '-d', '-dp', '-dq', '-x', '-xp', '-xq', '--ext --show-path', '-A 7f0000000000,'];
const RANGES = [
  '-x -A7f0000000000',
  '-d --range=0,600000000000',
  '-A ,7f0000000000 -q',
  '-x -A 10000,ffffffffffffffff',
];
const DETAIL_FORMS = ['-X', '-XX', '-XXp', '-Xq', '-XX -q', '-X -A 0,1', '-c', '-c -p'];

let folder: string;
let tree: string;
let pids: string[];
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-pmap-'));
  pids = (await startMapKinds(folder)).map(String);
  tree = path.join(folder, 'tree');
  captureTree(tree, pids.map(Number));
  process.env.HOME = folder;
  const config = ['# columns', '[Fields Display]', 'Perm', 'Rss', ' Pss # more', 'VmFlags', 'Mapping', '[Mapping]'];
  writeFileSync(path.join(folder, '.pmaprc'), `${[...config, 'ShowPath', '[Other]', 'x'].join('\n')}\n`);
});
afterAll(async () => {
  await endChildren();
  rmSync(folder, { recursive: true, force: true });
});

function wordsOf(form: string): string[] {
  return form.split(' ').filter((word) => word !== '');
}

describe('live processes', () => {
  it.each([...STEADY_FORMS, ...RANGES])('pmap %s', (form) => {
    const words = [...wordsOf(form), ...pids, MISSING, pids[0]!];
    for (const locale of LOCALES) {
      const expected = procpsPmap(words, { locale });
      expect(expected.stdout.split('\n').length).toBeGreaterThan(pids.length);
      expect(expected.code).toBe(42);
      expect(tidemarkPmap(words, { locale })).toEqual(expected);
    }
    expect(tidemarkPmap([...words, '--engine', 'ts'])).toEqual(tidemarkPmap([...words, '--engine', 'native']));
  });

  it('that belong to others show their first line alone', () => {
    const prefix = ['setpriv', '--reuid=65534', '--clear-groups'];
    for (const form of ['', '-x', '-X', '-d', '-XX -q']) {
      for (const more of [[], [MISSING]]) {
        const words = [...wordsOf(form), ...pids, ...more];
        const expected = procpsPmap(words, { prefix });
        expect(expected.code).toBe(more.length === 0 ? 1 : 43);
        expect(tidemarkPmap(words, { prefix })).toEqual(expected);
      }
    }
  });
});

describe('a captured tree', () => {
  it.each([...DETAIL_FORMS, ...STEADY_FORMS])('pmap %s', (form) => {
    // Twice, since the sums of -X go on from process to process.
    const words = [...wordsOf(form), ...pids, MISSING, ...pids.slice(0, 2)];
    for (const locale of LOCALES) {
      const expected = procpsPmapOf(tree, words, { locale });
      expect(expected.stdout.split('\n').length).toBeGreaterThan(100);
      expect(tidemarkPmap([...words, '--procfs', tree], { locale })).toEqual(expected);
    }
  });

  it.each([1, 2, 3])('of lines that no kernel wrote, number %i', (seed) => {
    const root = path.join(folder, `torn-${seed}`);
    makeTree(root);
    mkdirSync(path.join(root, '77'));
    const { maps, smaps } = tornMaps(seed);
    writeFileSync(path.join(root, '77', 'maps'), maps);
    writeFileSync(path.join(root, '77', 'smaps'), smaps);
    writeFileSync(path.join(root, '77', 'status'), 'Name:\tx\nTgid:\t77\n');
    writeFileSync(path.join(root, '77', 'cmdline'), 'x\0');
    writeFileSync(path.join(root, '77', 'stat'), `77 (x) S ${'1 '.repeat(24)}139637976727552 ${'1 '.repeat(20)}\n`);
    for (const form of ['', '-p', '-d', '-x', '-xp', '-X', '-XXp', '-XXq']) {
      const expected = procpsPmapOf(root, [...wordsOf(form), '77', '77']);
      expect(expected.stdout.split('\n').length).toBeGreaterThan(200);
      expect(tidemarkPmap([...wordsOf(form), '77', '77', '--procfs', root])).toEqual(expected);
    }
  });

  it('gives up where procps does, with what was printed until then', () => {
    const root = path.join(folder, 'broken');
    makeTree(root);
    mkdirSync(path.join(root, '7'));
    const head = '00400000-00401000 r-xp 00000000 08:01 9     /b\n';
    writeFileSync(path.join(root, '7', 'stat'), '7 (x) S 1\n');
    for (const smaps of [
      'junk\n',
      `${head}Rss: 4 kB\nPss: 4 kB\n${head}Pss: 4 kB\n`,
      `${head}Rss: 4 kB\nVmFlags: \n`,
    ]) {
      writeFileSync(path.join(root, '7', 'smaps'), smaps);
      const expected = procpsPmapOf(root, ['-X', '7', '7']);
      expect(expected.code).toBe(1);
      expect(tidemarkPmap(['-X', '7', '7', '--procfs', root])).toEqual(expected);
    }
  });

  it('has each file read once', async () => {
    const root = path.join(folder, 'once');
    makeTree(root);
    mkdirSync(path.join(root, '7'));
    for (const file of ['stat', 'cmdline']) {
      writeFileSync(path.join(root, '7', file), readFileSync(path.join(tree, pids[3]!, file)));
    }
    // Whoever opens it a second time waits for ever.
    makeFifo(path.join(root, '7', 'smaps'));
    // Its writer is there before the command: on a busy machine it would come later than the deadline of a read.
    const writer = await startChild('dd', [
      `if=${tree}/${pids[3]}/smaps`,
      `of=${root}/7/smaps`,
      'bs=1M',
      'status=none',
    ]);
    await until(
      () => procText(writer.pid, 'comm') === 'dd\n' && statWords(writer.pid)[0] === 'S',
      'dd waits for a reader',
    );
    const words = [MAIN, 'pmap', '-XX', '7', '--procfs', root];
    const { status, stdout } = spawnSync(process.execPath, words, { timeout: 20_000 });
    expect(status).toBe(0);
    expect(stdout.toString().split('\n').length).toBeGreaterThan(30);
  });
});

describe('the command line', () => {
  it.each([['/proc/%'], ['0%o'], ['0x%x'], ['/proc/self', '%'], ['-xq', '%', '-p'], ['--', '%'], ['-r', '%']])(
    'takes %j',
    (...words) => {
      const pid = Number(pids[3]);
      const forms = words.map((word) =>
        word.replace('%o', pid.toString(8)).replace('%x', pid.toString(16)).replace('%', String(pid)),
      );
      const expected = procpsPmap(forms);
      expect(expected.code).toBe(0);
      expect(tidemarkPmap(forms)).toEqual(expected);
    },
  );

  it.each([
    [[]],
    [['x']],
    [['1x']],
    [['0']],
    [['08']],
    [['-5']],
    [['2147483648']],
    [['/proc/self']],
    [['/proc/1/']],
    [['-a', '1']],
    [['-x', '-d', '1']],
    [['-X', '-x', '1']],
    [['-A', 'xyz', '1']],
    [['-A', '1,2,3', '1']],
    [['-C', '/no/such/file', '1']],
    [['-A']],
  ])('refuses %j as procps does', (words) => {
    expect(procpsPmap(words)).toEqual({ code: 1, stdout: '' });
    expect(tidemarkPmap(words)).toEqual({ code: 1, stdout: '' });
  });

  it('says what is wrong', async () => {
    expect(await runTidemark(['pmap', '-X', '-d', '1'])).toMatchObject({
      stderr: 'tidemark pmap: only one of -c, -C, -d, -x and -X can be given\n',
    });
    expect(await runTidemark(['pmap', MISSING])).toMatchObject({
      code: 42,
      stderr: `tidemark pmap: there is no process ${MISSING}\n`,
    });
    // A pid with --in is one of a recording.
    expect(await runTidemark(['pmap', '1', '--in', 'x'])).toMatchObject({
      code: 1,
      stderr: 'tidemark pmap: x: no such file\n',
    });
    expect(await runTidemark(['pmap', '-n'])).toMatchObject({ code: 1 });
  });
});

describe('captured text', () => {
  it('is printed like the process, with its file in the first line', () => {
    const pid = pids[3]!;
    for (const [form, file] of [
      ['', 'maps'],
      ['', 'smaps'],
      ['-x', 'smaps'],
      ['-XX', 'smaps'],
    ]) {
      const name = path.join(tree, pid, file!);
      const expected = tidemarkPmap([...wordsOf(form!), pid, '--procfs', tree]).stdout;
      const { stdout, code } = tidemarkPmap([...wordsOf(form!), '--in', name]);
      expect(code).toBe(0);
      expect(stdout).toBe(`-:   ${name}\n${expected.slice(expected.indexOf('\n') + 1)}`);
    }
  });

  it('of maps is refused where smaps is needed', async () => {
    const name = path.join(tree, pids[3]!, 'maps');
    const { code, stdout, stderr } = await runTidemark(['pmap', '-x', '--in', name]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('has no fields as smaps has them');
  });
});

describe('a terminal', () => {
  it('gets nothing that steers it, where procps prints names as they are', () => {
    const raw = tidemarkPmap(['-X', pids[0]!, '--procfs', tree]).stdout;
    expect(raw).toContain('esc\u001b[31m');
    const command = `'${process.execPath}' '${MAIN}' pmap -X ${pids[0]} --procfs '${tree}'`;
    const shown = execFileSync('script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'ignore'] });
    expect(shown.toString()).toContain('esc\\x1B[31m\\x09tab\\x7F\r\n');
    expect(/[^\r\n -~\u0080-\uffff]/.test(shown.toString())).toBe(false);
  });
});

describe('--json', () => {
  it('has the numbers of -x in bytes, and a status for what is not there', () => {
    const words = [pids[3]!, pids[4]!, MISSING, '--procfs', tree];
    const { code, stdout } = tidemarkPmap(['-x', '--json', ...words]);
    expect(code).toBe(42);
    const { schema, source, processes } = JSON.parse(stdout);
    expect({ schema, source }).toEqual({ schema: 1, source: 'smaps' });
    expect(processes.map(({ status }: { status: string }) => status)).toEqual(['ok', 'no-mm', 'gone']);
    const [first] = processes;
    const lines = tidemarkPmap(['-x', pids[3]!, '--procfs', tree]).stdout.trimEnd().split('\n');
    const [size, rss, dirty] = lines.at(-1)!.split(/ +/).slice(2).map(Number);
    expect(first.totals.size).toBe(size! * 1024);
    expect(first.totals.rss).toBe(rss! * 1024);
    expect(first.totals.sharedDirty + first.totals.privateDirty).toBe(dirty! * 1024);
    expect(first.mappings.length).toBe(first.totals.mappings);
    for (const engine of ['ts', 'native']) {
      expect(tidemarkPmap(['-x', '--json', ...words, '--engine', engine]).stdout).toBe(stdout);
    }
  });

  it('keeps to the range', () => {
    const { stdout } = tidemarkPmap(['--json', '-A', '7f0000000000', pids[3]!, '--procfs', tree]);
    const [{ mappings, totals }] = JSON.parse(stdout).processes;
    expect({ mappings, size: totals.size }).toEqual({ mappings: [], size: 0 });
  });
});
