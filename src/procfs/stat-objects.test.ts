import { describe, expect, it } from 'vitest';
import { fixture, fixtureText } from '../../test/tokenizers/fixtures.js';
import { KernelTextError } from './object-values.js';
import { parseStat, parseStatm, parseStatus } from './stat-objects.js';

const HOST = { pageSize: 4096, clockTicksPerSecond: 100 };
const ARM = { pageSize: 65_536, clockTicksPerSecond: 250 };
const bytesOf = (text: string) => Buffer.from(text, 'latin1');

describe('parseStatm', () => {
  it('gives bytes, by the page size of the host that made the text', () => {
    const text = bytesOf('2048 300 200 4 0 1024 0\n');
    expect(parseStatm(text, ARM)).toEqual({
      kind: 'statm',
      size: 2048 * 65_536,
      resident: 300 * 65_536,
      shared: 200 * 65_536,
      text: 4 * 65_536,
      lib: 0,
      data: 1024 * 65_536,
      dt: 0,
    });
    expect(parseStatm(text, HOST).resident).toBe(300 * 4096);
  });

  it('gives what exceeds 2^53 as an exact string', () => {
    const { size, shared } = parseStatm(fixture('written/statm.all-bits'), HOST);
    expect([size, shared]).toEqual([String((2n ** 64n - 1n) * 4096n), String((2n ** 53n + 1n) * 4096n)]);
  });

  it('refuses another text', () => {
    expect(() => parseStatm(fixture('written/statm.six'), HOST)).toThrow(KernelTextError);
  });
});

describe('parseStat', () => {
  it('gives names, nanoseconds, bytes and addresses', () => {
    expect(parseStat(fixture('written/stat.names'), HOST)).toEqual({
      kind: 'stat',
      pid: 42,
      comm: 'a) b) ( S 1\n2 3',
      state: 'R',
      parentPid: 1,
      pgrp: 42,
      session: 42,
      ttyNr: 34_816,
      tpgid: -1,
      flags: 4_194_560,
      minorFaults: 10,
      childMinorFaults: 20,
      majorFaults: 30,
      childMajorFaults: 40,
      userTime: 500_000_000,
      systemTime: 600_000_000,
      childUserTime: 700_000_000,
      childSystemTime: 800_000_000,
      priority: 20,
      nice: -5,
      threads: 3,
      itrealvalue: 0,
      startTicks: 123_456,
      vsize: 8_192_000,
      rss: 250 * 4096,
      rssLimit: '18446744073709551615',
      startCode: '1',
      endCode: '2',
      startStack: '3',
      stackPointer: '0',
      instructionPointer: '0',
      signal: 0,
      blocked: '18446744073709551615',
      sigignore: 0,
      sigcatch: 0,
      wchan: 0,
      nswap: 0,
      cnswap: 0,
      exitSignal: -1,
      processor: 1,
      rtPriority: 0,
      policy: 0,
      blockIoDelay: 0,
      guestTime: 0,
      childGuestTime: 0,
      startData: 'b',
      endData: 'c',
      startBrk: 'd',
      argStart: 'e',
      argEnd: 'f',
      envStart: '10',
      envEnd: '11',
      exitCode: -9,
    });
  });

  it('counts with the page size and the clock tick of the host', () => {
    const { userTime, rss } = parseStat(fixture('written/stat.names'), ARM);
    expect([userTime, rss]).toEqual([200_000_000, 250 * 65_536]);
  });

  it('does not add up a rounded tick', () => {
    const text = bytesOf('1 (x) S 0 1 1 0 -1 0 0 0 0 0 1024000000 3 0 0 20 0 1 0 5 0 0 0\n');
    const { userTime, systemTime } = parseStat(text, { pageSize: 4096, clockTicksPerSecond: 1024 });
    expect([userTime, systemTime]).toEqual([1_000_000_000_000_000, 2_929_687]);
  });

  it('leaves absent what an old kernel or a cut does not have', () => {
    const old = parseStat(fixture('written/stat.linux-2.6.32'), HOST);
    expect([old.childGuestTime, 'startData' in old]).toEqual([0, false]);
    const cut = parseStat(fixture('written/stat.cut'), HOST);
    expect([cut.vsize, 'rss' in cut]).toEqual([8_192_000, false]);
  });

  it('gives the -1 of a process that is being reaped', () => {
    expect(parseStat(fixture('written/stat.reaped'), HOST)).toMatchObject({
      pgrp: -1,
      session: -1,
      threads: 0,
      state: 'X',
    });
  });

  it('gives a name that is not UTF-8 in hex beside its readable form', () => {
    expect(parseStat(fixture('written/stat.not-utf8'), HOST)).toMatchObject({
      comm: '\ufffd\ufffd caf\ufffd',
      commHex: 'fffe20636166e9',
    });
    expect(parseStat(fixture('live/bash/stat'), HOST)).not.toHaveProperty('commHex');
  });

  it('refuses another text', () => {
    expect(() => parseStat(fixture('written/stat.cut-start'), HOST)).toThrow(KernelTextError);
  });
});

describe('parseStatus', () => {
  it('gives the name that stat gives, with its blanks, newline and backslash', () => {
    const { comm, commHex } = parseStat(fixture('live/odd/stat'), HOST);
    const { name, nameHex } = parseStatus(fixture('live/odd/status'));
    expect([name, nameHex]).toEqual([comm, commHex]);
    expect(name).toBe(' x) R (\n 1 2\\\ufffd');
  });

  it.each([
    ['name', '  two  spaces '],
    ['escaped', 'a\nb\\n\\q\\'],
    ['not-utf8', 'caf\ufffd'],
  ])('undoes the escapes of %s', (fixtureName, name) => {
    expect(parseStatus(fixture(`written/status.${fixtureName}`)).name).toBe(name);
  });

  it('gives sizes in bytes, ids as lists, the rest as text', () => {
    const status = parseStatus(fixture('written/status.linux-2.6.32'));
    expect(status).toMatchObject({
      kind: 'status',
      name: 'init',
      state: 'S',
      pid: 1,
      ppid: 0,
      vmRSS: 1528 * 1024,
      threads: 1,
    });
    expect([status.uid, status.gid]).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect(status.other).toEqual({ Utrace: '0', Groups: '' });
    expect(status).not.toHaveProperty('rssAnon');
  });

  it('keeps masks and __proto__ as text', () => {
    const { other } = parseStatus(fixture('written/status.masks'));
    expect(JSON.stringify(other)).toBe(
      '{"SigQ":"0/15419","SigPnd":"ffffffffffffffff","SigBlk":"18446744073709551615","__proto__":"x","constructor":"y","Cpus_allowed_list":"0-3,8"}',
    );
  });

  it('has no Vm fields of a kernel thread', () => {
    const status = parseStatus(fixture('live/kthreadd/status'));
    expect(status.name).toBe('kthreadd');
    expect(Object.keys(status).filter((key) => /^(?:vm|rss)/.test(key))).toEqual([]);
  });

  it('never takes an empty or broken Uid for root', () => {
    const status = parseStatus(fixture('written/status.bad-values'));
    for (const key of ['uid', 'gid', 'state', 'pid', 'vmSize']) expect(status).not.toHaveProperty(key);
    expect(status.other).toMatchObject({ Uid: '', Gid: '0\tx', State: '', Pid: 'seven', VmSize: '12 MB' });
    expect(status.name).toBe('');
  });

  it('says what it could not read, and that a text may be cut', () => {
    expect(parseStatus(fixture('written/status.bad-values')).malformedLines).toBe(3);
    const cut = parseStatus(fixture('written/status.cut'));
    expect([cut.unterminated, 'threads' in cut]).toEqual([true, false]);
    const whole = parseStatus(bytesOf(fixtureText('live/bash/status')));
    expect(whole).not.toHaveProperty('unterminated');
    expect(whole).not.toHaveProperty('malformedLines');
  });

  it('refuses another text', () => {
    expect(() => parseStatus(fixture('written/status.no-lines'))).toThrow(KernelTextError);
  });
});
