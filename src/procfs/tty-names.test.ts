import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TtyNames } from './tty-names.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-tty-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** As the kernel tells it in `stat`. */
const device = (major: number, minor: number) => (minor & 0xff) | (major << 8) | ((minor & 0xfff00) << 12);

describe('in a captured tree', () => {
  const DRIVERS = `/dev/tty             /dev/tty        5       0 system:/dev/tty
/dev/console         /dev/console    5       1 system:console
unknown              /dev/tty        4    1-63 console
serial               /dev/ttyS       4 64-95 serial
pty_slave            /dev/pts      136 0-1048575 pty:slave
pty_slave            /dev/ttyp       3   0-255 pty:slave
acm                  /dev/ttyACM   166   0-255 serial
odd line without numbers
`;
  const root = path.join(folder, 'captured');
  let names = new TtyNames(root);
  beforeAll(() => {
    mkdirSync(path.join(root, 'tty'), { recursive: true });
    writeFileSync(path.join(root, 'tty/drivers'), DRIVERS);
    names = new TtyNames(root);
  });

  it.each([
    ['none', 0, 0, '?'],
    ['the first of a driver', 4, 1, 'tty1'],
    ['the last of a driver', 4, 63, 'tty63'],
    ['one below the first', 4, 0, '?'],
    ['of the same major', 4, 64, 'ttyS64'],
    ['one behind the last', 4, 96, '?'],
    ['a pseudo terminal', 136, 0, 'pts/0'],
    ['of more than 8 bits', 136, 300, 'pts/300'],
    ['a driver of one number', 5, 1, 'console1'],
    ['another', 166, 7, 'ttyACM7'],
    ['a major that nobody has', 99, 1, '?'],
    ['pseudo terminals of old', 137, 5, 'pts/261'],
    ['the last of these', 143, 255, 'pts/2047'],
    ['behind these', 144, 0, '?'],
  ])('%s is named by its driver', (_name, major, minor, expected) => {
    expect(names.nameOf(device(major, minor), 1)).toBe(expected);
  });

  it('names the usual pseudo terminals without a list of drivers, and no others', () => {
    const bare = new TtyNames(path.join(folder, 'nothing'));
    expect([device(136, 4), device(135, 4), device(4, 1), device(188, 0)].map((one) => bare.nameOf(one, 1))).toEqual([
      'pts/4',
      '?',
      '?',
      '?',
    ]);
  });

  it('takes the last of the drivers that fit, as procps does', () => {
    const twice = path.join(folder, 'twice');
    mkdirSync(path.join(twice, 'tty'), { recursive: true });
    writeFileSync(path.join(twice, 'tty/drivers'), 'a /dev/first 7 0-9 x\nb /dev/second 7 5-6 x\n');
    const both = new TtyNames(twice);
    expect([4, 5, 6, 7].map((minor) => both.nameOf(device(7, minor), 1))).toEqual([
      'first4',
      'second5',
      'second6',
      'first7',
    ]);
  });

  it('shows bytes that do not print as question marks, and keeps a name that is only a folder', () => {
    const odd = path.join(folder, 'odd');
    mkdirSync(path.join(odd, 'tty'), { recursive: true });
    writeFileSync(path.join(odd, 'tty/drivers'), Buffer.from('a /dev/t\xe9\x1b~! 7 0-9 x\n', 'latin1'));
    expect(new TtyNames(odd).nameOf(device(7, 1), 1)).toBe('t??~!1');
  });
});

describe('on this host', () => {
  const names = new TtyNames('/proc');
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
    child = undefined;
  });

  async function started(command: string, args: string[]): Promise<[pid: number, told: string]> {
    child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const [told] = await once(createInterface(child.stdout!), 'line');
    return [child.pid!, told];
  }

  it('a terminal has the name of its device', async () => {
    const script =
      'import os, pty, sys\nends = pty.openpty()\nprint(os.ttyname(ends[1]), os.fstat(ends[1]).st_rdev, flush=True)\nsys.stdin.read()';
    const [pid, told] = await started('python3', ['-c', script]);
    const [file, number] = told.split(' ') as [string, string];
    expect(file).toMatch(/^\/dev\/pts\/\d+$/);
    expect(names.nameOf(Number(number), pid)).toBe(file.slice('/dev/'.length));
    // By a driver, and not by what some process has open.
    expect(new TtyNames('/proc').nameOf(Number(number), 1 << 30)).toBe(file.slice('/dev/'.length));
  });

  it('what no driver has is found by what the process has open', async () => {
    const [pid] = await started('bash', ['-c', 'exec 2</dev/zero 255</dev/full; echo on; read line']);
    const [zero, full, none] = ['/dev/zero', '/dev/full', '/dev/null'].map((file) => statSync(file).rdev);
    expect([names.nameOf(zero!, pid), names.nameOf(full!, pid), names.nameOf(none!, pid)]).toEqual([
      'zero',
      'full',
      '?',
    ]);
    // Asked of another process, it is not there.
    expect(names.nameOf(zero!, 1 << 30)).toBe('?');
    expect(new TtyNames(`/proc/`).nameOf(zero!, pid)).toBe('?');
  });

  it.each([
    ['a terminal that is not there', 136, 1_000_000],
    ['a serial line that is not there', 188, 200],
    ['a modem that is not there', 166, 200],
    ['a number of nobody', 4000, 77],
  ])('%s has none', (_name, major, minor) => {
    expect(names.nameOf(device(major, minor), process.pid)).toBe('?');
  });
});
