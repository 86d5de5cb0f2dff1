/**
 * A folder that anybody can write to, with links of a stranger wherever a recorder may write (the lesson of CVE-2025-27591):
 * what they lead to stays as it is, in content and in mode.
 */
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTidemark } from '../recorder/command.js';
import { scratch } from '../recorder/workload.js';

const SECRET = 'root:x:0:0\n';
const MODE = 0o640;

let folder: ReturnType<typeof scratch>;
let recording: string;
const wide = (name: string) => folder.file(`wide/${name}`);
const tidemark = (...words: string[]) => startTidemark(words, folder.file('wide')).ended;

beforeAll(async () => {
  folder = scratch();
  mkdirSync(folder.file('wide'));
  chmodSync(folder.file('wide'), 0o777);
  writeFileSync(folder.file('precious'), SECRET);
  chmodSync(folder.file('precious'), MODE);
  mkdirSync(folder.file('elsewhere'));
  writeFileSync(folder.file('elsewhere/kept'), SECRET);
  recording = folder.file('sound.tide');
  const made = await tidemark('record', '--pid', '1', '--hz', '50', '--for', '200ms', '--size', '4M', '-o', recording);
  expect(made).toMatchObject({ code: 0 });
});
afterAll(() => folder[Symbol.dispose]());

function expectUntouched(): void {
  const precious = folder.file('precious');
  expect([readFileSync(precious, 'utf8'), statSync(precious).mode & 0o777]).toEqual([SECRET, MODE]);
  expect(readFileSync(folder.file('elsewhere/kept'), 'utf8')).toBe(SECRET);
  expect(readdirSync(folder.file('elsewhere'))).toEqual(['kept']);
}

describe('through a link that is there already', () => {
  const SHORT = ['--pid', '1', '--for', '100ms', '--size', '4M'];
  const WRITERS: [string, (out: string) => string[]][] = [
    ['record', (out) => ['record', ...SHORT, '-o', out]],
    ['record --resume', (out) => ['record', ...SHORT, '--resume', '-o', out]],
    ['run', (out) => ['run', '-o', out, '--', 'true']],
    ['cut --force', (out) => ['cut', recording, '--force', '-o', out]],
    ['merge --force', (out) => ['merge', recording, '--force', '-o', out]],
    ['export --force', (out) => ['export', recording, '--format', 'csv', '--force', '-o', out]],
    ['report --force', (out) => ['report', recording, '--force', '-o', out]],
  ];
  it.concurrent.each(WRITERS)('%s writes nothing', async (name, words) => {
    const link = wide(`link of ${name}`);
    symlinkSync(folder.file('precious'), link);
    const { code, stderr } = await tidemark(...words(link));
    expect([code, stderr.trimEnd()]).toEqual([expect.any(Number), expect.stringMatching(/^tidemark .+: .+/)]);
    expect(code).not.toBe(0);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expectUntouched();
  });

  it('nor through a hard link', async () => {
    linkSync(folder.file('precious'), wide('hard'));
    for (const more of [[], ['--resume']]) {
      const { code } = await tidemark('record', ...SHORT, ...more, '-o', wide('hard'));
      expect(code).not.toBe(0);
    }
    expectUntouched();
  });

  it('nor do the agent and its captures', async () => {
    symlinkSync(folder.file('elsewhere'), wide('ring'));
    mkdirSync(folder.file('own'), { mode: 0o700 });
    symlinkSync(folder.file('precious'), folder.file('own/ring.tide'));
    for (const ring of [wide('ring'), folder.file('wide'), folder.file('own')]) {
      const words = ['agent', '--listen', '127.0.0.1:0', '--size', '8M', '--capture-on', 'oom', '--ring', ring];
      const { code, stderr } = await tidemark(...words);
      expect([ring, code, stderr]).toEqual([
        ring,
        1,
        expect.stringMatching(/symbolic link|others can write|no regular/),
      ]);
    }
    expectUntouched();
  });
});

it('what is made there can be written and read by its owner alone', async () => {
  const made = await tidemark('record', '--pid', '1', '--for', '100ms', '--size', '4M', '-o', wide('new/a.tide'));
  expect(made).toMatchObject({ code: 0 });
  expect(statSync(wide('new')).mode & 0o777).toBe(0o700);
  expect(statSync(wide('new/a.tide')).mode & 0o777).toBe(0o600);
});
