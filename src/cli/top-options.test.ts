import { describe, expect, it } from 'vitest';
import { AccountNames } from '../procfs/accounts.js';
import { CommandError, UsageError } from './command-error.js';
import { requestOf } from './top-options.js';
import { parseTopWords } from './top-words.js';

const accounts = new AccountNames('/proc');
const words = (line: string) => (line === '' ? [] : line.split(' '));
const request = (line: string, env: Record<string, string> = {}, terminal?: number) =>
  requestOf(parseTopWords(words(line)), accounts, env, terminal);

function refusal(line: string): CommandError {
  try {
    request(line);
  } catch (error) {
    return error as CommandError;
  }
  throw new Error(`${line} was not refused`);
}

describe('the words of top', () => {
  it.each([
    ['-b -n 2 -d 0.5'],
    ['-bn2 -d0.5'],
    ['-bn=2 -d=0.5'],
    ['--batch-mode --iterations 2 --delay=0.5'],
    ['--batch --iter=2 --del 0,5'],
    ['-n 7 -bd5e-1 -n 0x2'],
  ])('%s', (line) => {
    expect(request(line)).toMatchObject({ iterations: 2, delayMs: 500 });
    expect(parseTopWords(words(line)).options.has('batch-mode')).toBe(true);
  });

  it('adds pids up, without duplicates, 0 for this process', () => {
    expect(request('-p 3,1,3 -p 1,2 -p 0,').pids).toEqual([3, 1, 2, process.pid]);
  });

  it('toggles, so that twice is not at all', () => {
    expect(request('-c -i -S -1').view).toMatchObject({
      cmdline: true,
      busyOnly: true,
      cumulative: true,
      eachCpu: true,
    });
    expect(request('-cc -ii').view).toMatchObject({ cmdline: false, busyOnly: false });
  });

  it.each([
    ['', {}, undefined, 80],
    ['', {}, 132, 132],
    ['', { COLUMNS: '100' }, undefined, 100],
    ['-w', {}, 132, 512],
    ['-w', { COLUMNS: '100' }, undefined, 100],
    ['-w 90', { COLUMNS: '100' }, 132, 90],
    ['-w90 -b', {}, undefined, 90],
    ['-w -b', {}, 132, 512],
    ['', { COLUMNS: '1' }, undefined, 3],
  ])('the width of "%s" with %j on a terminal of %s is %i', (line, env, terminal, columns) => {
    expect(request(line, env as Record<string, string>, terminal).view.screenColumns).toBe(columns);
  });

  it('sorts up with -, down without and with +', () => {
    const sorted = (line: string) => request(line).view;
    expect(sorted('')).toMatchObject({ sortBy: '%CPU', descending: true });
    expect(sorted('-o +RES')).toMatchObject({ sortBy: 'RES', descending: true });
    expect(sorted('-o -TIME+')).toMatchObject({ sortBy: 'TIME+', descending: false });
  });

  it('knows users by name and number', () => {
    expect(request('-u root').view.user).toEqual({ uid: 0, anyId: false, inverted: false });
    expect(request('-U !70123').view.user).toEqual({ uid: 70_123, anyId: true, inverted: true });
  });

  // procps ends with 1 for these.
  it.each([
    ['-p x', /^-p: "x" is not a list of pids/],
    ['-p 12abc', /-p: "12abc"/],
    ['-p 1,,2', /-p: "1,,2"/],
    ['-p 9999999999', /-p:/],
    ['-d x', /^-d: "x" is not a delay/],
    ['-d -1', /^-d: "-1"/],
    ['-d inf', /-d:/],
    ['-n 0', /^-n: "0"/],
    ['-n x', /-n:/],
    ['-n 1.5', /-n:/],
    ['-w 2', /^-w: "2" is not a width/],
    ['-w 513', /-w:/],
    ['-E z', /^-E: "z" is not a unit of memory/],
    ['-e e', /^-e: "e"/],
    ['-o FOO', /^-o: "FOO"/],
    ['-o res', /-o:/],
    ['-u no-such-user', /no-such-user/],
    ['-p 1 -u root', /only one of them/],
    ['-u root -U root', /only one of them/],
    ['stray', /unknown option 'stray'/],
  ])('refuses the value in %s with code 1', (line, sentence) => {
    const error = refusal(line);
    expect(error).toBeInstanceOf(CommandError);
    expect(error.message).toMatch(sentence);
    expect(error.exitCode).toBe(1);
  });

  it.each([
    ['-Z', /unknown option '-Z'/],
    ['-bZ', /unknown option '-Z'/],
    ['--nonsense', /unknown option '--nonsense'/],
    ['--scale k', /Did you mean --scale-summary-mem or --scale-task-mem/],
    ['-H', /'-H' of procps' top is not supported/],
    ['--threads', /'--threads-show' of procps' top/],
    ['-p', /'-p, --pid' argument missing/],
    ['--json=1', /takes no value/],
  ])('refuses the option in %s with code 2', (line, sentence) => {
    const error = refusal(line);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toMatch(sentence);
  });

  it('escapes what it quotes', () => {
    expect(refusal('-p \x1b[31m').message).not.toContain('\x1b');
    expect(refusal('-u \x1b[31m').message).not.toContain('\x1b');
    expect(refusal('--\x1b').message).not.toContain('\x1b');
  });
});
