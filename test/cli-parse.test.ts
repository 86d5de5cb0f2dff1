/** `tidemark parse` as a child process: the shapes of src/procfs, both engines, texts of other hosts and broken ones. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nativeBinding } from '../src/engine/native-binding.js';
import { parseMaps, parseSmaps } from '../src/procfs/mapping-objects.js';
import { KERNEL_FILES } from '../src/procfs/read.js';
import { parseStat, parseStatm } from '../src/procfs/stat-objects.js';
import { runTidemark } from './tidemark-process.js';

const MAPPING = '7f0000000000-7f0000001000 rw-p 00000000 00:00 0';
const STAT = `7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 250 150 0 0 20 0 1 0 99 4096 3 18446744073709551615\n`;

let folder: string;
const fileOf = (name: string, text: string | Uint8Array): string => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-parse-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the JSON', () => {
  it('is what the library gives, with nothing around it', async () => {
    const smaps = readFileSync('/proc/self/smaps');
    const { code, stdout, stderr } = await runTidemark(['parse', 'smaps', fileOf('smaps', smaps)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`${JSON.stringify(parseSmaps(smaps))}\n`);
    expect(Object.keys(JSON.parse(stdout))).toEqual(['kind', 'mappings', 'totals']);
  });

  it('comes from stdin for -, and --json changes nothing', async () => {
    const maps = readFileSync('/proc/self/maps');
    const { stdout } = await runTidemark(['parse', '--json', 'maps', '-'], { input: maps });
    expect(stdout).toBe(`${JSON.stringify(parseMaps(maps))}\n`);
  });

  it('is the same byte for byte from both engines', async () => {
    expect(nativeBinding().state).toBe('loaded');
    for (const kind of KERNEL_FILES) {
      const file = fileOf(kind, readFileSync(`/proc/self/${kind}`));
      const [native, ts, auto] = await Promise.all(
        ['native', 'ts', 'auto'].map((engine) => runTidemark(['parse', kind, file, '--engine', engine])),
      );
      expect(native.code).toBe(0);
      expect(native.stdout).toContain(`"kind":"${kind}"`);
      expect(ts).toEqual(native);
      expect(auto).toEqual(native);
    }
  });

  it('is whole, however many mappings there are', async () => {
    const text = Array.from({ length: 100_000 }, (_, at) => `${(at * 4096).toString(16)}-ffffffff r--p 0 0:0 ${at}\n`);
    const { stdout } = await runTidemark(['parse', 'maps', '-'], { input: text.join('') });
    const { mappings, totals } = JSON.parse(stdout);
    expect(totals).toEqual({ mappings: 100_000 });
    expect(mappings.length).toBe(100_000);
    expect(mappings[99_999].inode).toBe(99_999);
  });

  it('drives no terminal, and gives the name back', async () => {
    const name = '/tmp/\u009b31m\u202e\u2028\u001b]0;x\u0007\u007f';
    const { stdout } = await runTidemark(['parse', 'maps', '-'], { input: `${MAPPING} ${name}\n` });
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]/);
    expect(JSON.parse(stdout).mappings[0].name).toBe(name);
  });
});

describe('the text of another host', () => {
  it('is counted in its pages', async () => {
    const text = '10 5 2 1 0 3 0\n';
    const { stdout } = await runTidemark(['parse', 'statm', '-', '--page-size', '64K'], { input: text });
    const host = { pageSize: 65_536, clockTicksPerSecond: 100 };
    expect(JSON.parse(stdout)).toEqual(parseStatm(Buffer.from(text), host));
    expect(JSON.parse(stdout).resident).toBe(5 * 65_536);
  });

  it('is counted in its clock ticks', async () => {
    const { stdout } = await runTidemark(['parse', 'stat', '-', '--clock-ticks', '250', '--page-size', '16384'], {
      input: STAT,
    });
    const parsed = JSON.parse(stdout);
    expect(parsed).toEqual(parseStat(Buffer.from(STAT), { pageSize: 16_384, clockTicksPerSecond: 250 }));
    expect(parsed).toMatchObject({ comm: 'a) b', userTime: 1e9, rss: 3 * 16_384 });
  });
});

describe('a text that is not right', () => {
  it('is printed as far as it goes, with a warning', async () => {
    const input = `${MAPPING}\nrubbish\n${MAPPING} /x\nmore rubbish`;
    const { code, stdout, stderr } = await runTidemark(['parse', 'maps', '-'], { input });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).mappings.length).toBe(2);
    expect(stderr).toBe(
      'tidemark parse: stdin: 2 lines could not be read, the first at byte 48\n' +
        'tidemark parse: stdin: does not end with a newline, so its last line may be cut\n',
    );
  });

  it.each([
    ['parse', 'maps', '-'],
    ['parse', 'smaps', '-'],
    ['segments', '--in', '-'],
    ['pmap', '--in', '-'],
    ['pmap', '--json', '--in', '-'],
    ['maps', '--json', '--in', '-'],
  ])('%s %s %s is refused where it holds no mapping', async (...words) => {
    const outcome = await runTidemark(words, { input: 'hello\x1b[1m\nmore\n' });
    const stderr = `tidemark ${words[0]}: stdin: line 1 is no mapping: hello\\x1B[1m\n`;
    expect(outcome).toEqual({ code: 1, stdout: '', stderr });
  });

  it('is not printed by pmap, whose lines are all mappings, unless its last line is cut', async () => {
    const pmap = (input: string) => runTidemark(['pmap', '--in', '-'], { input });
    const stderr = 'tidemark pmap: stdin: line 2 is no mapping: rubbish\n';
    expect(await pmap(`${MAPPING}\nrubbish\n${MAPPING}\n`)).toEqual({ code: 1, stdout: '', stderr });
    expect(await pmap(`${MAPPING}\n5-`)).toMatchObject({ code: 0, stderr: '' });
    const segments = await runTidemark(['segments', '--in', '-'], { input: `${MAPPING}\nrubbish\n` });
    expect(segments).toMatchObject({ code: 0, stderr: 'tidemark segments: stdin: line 2 is no mapping: rubbish\n' });
  });

  it('is said to be empty', async () => {
    const { code, stdout, stderr } = await runTidemark(['parse', 'smaps', '-']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"kind":"smaps","mappings":[],"totals":{"mappings":0}}\n' });
    expect(stderr).toMatch(/^tidemark parse: stdin: is empty, .*\n$/);
  });

  it.each([
    ['stat', 'Not the text of stat: expected a pid, a name in parentheses and at least 20 fields'],
    ['statm', 'Not the text of statm: expected seven numbers on one line'],
    ['status', 'Not the text of status: expected lines of the form "Key: value"'],
    ['smaps_rollup', 'Not the text of smaps_rollup: expected one record, found 0'],
  ])('fails when it is not the text of %s', async (kind, sentence) => {
    for (const engine of ['native', 'ts']) {
      const outcome = await runTidemark(['parse', kind, '-', '--engine', engine], { input: 'rubbish' });
      expect(outcome).toEqual({ code: 1, stdout: '', stderr: `tidemark parse: stdin: ${sentence}\n` });
    }
  });

  it.each([
    ['/no/such/file', '"/no/such/file": no such file'],
    ['/proc', '"/proc": is a directory'],
    ['/etc/passwd/x\x1b', '"/etc/passwd/x\\x1B": a part of the path is not a directory'],
  ])('fails for %j', async (file, sentence) => {
    const outcome = await runTidemark(['parse', 'maps', file]);
    expect(outcome).toEqual({ code: 1, stdout: '', stderr: `tidemark parse: ${sentence}\n` });
  });
});
