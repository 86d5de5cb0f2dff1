import { describe, expect, it } from 'vitest';
import { fixtureText } from '../../test/tokenizers/fixtures.js';
import { StatusLines, StatusNumber, StatusText, scanStatusLines } from './status-lines.js';

const KEYS = {
  ...{ ppid: 'PPid', vmPeak: 'VmPeak', vmSize: 'VmSize', vmLck: 'VmLck', vmHWM: 'VmHWM', vmRSS: 'VmRSS' },
  ...{
    rssAnon: 'RssAnon',
    rssFile: 'RssFile',
    rssShmem: 'RssShmem',
    vmData: 'VmData',
    vmStk: 'VmStk',
    vmSwap: 'VmSwap',
  },
};
const TEXT_KEYS = {
  ...{ state: 'State', groups: 'Groups', sigPnd: 'SigPnd', shdPnd: 'ShdPnd' },
  ...{ sigBlk: 'SigBlk', sigIgn: 'SigIgn', sigCgt: 'SigCgt' },
};

/** In the middle of other bytes, as a list of processes has it. */
function scanned(text: string, usual = false, lines = new StatusLines()) {
  const bytes = Buffer.from(`PPid:\t77\n${text}\nPPid:\t88\nVmRSS:\t99 kB\n`, 'latin1');
  scanStatusLines(bytes, 9, 9 + text.length, lines, usual);
  return {
    number: (name: keyof typeof StatusNumber, more = 0) => lines.numbers[StatusNumber[name] + more],
    text: (name: keyof typeof StatusText) => {
      const [start, end] = lines.spans.subarray(StatusText[name] * 2, StatusText[name] * 2 + 2);
      return bytes.toString('latin1', start, end);
    },
  };
}

describe('the lines of a status', () => {
  it.each(['bash', 'node', 'threaded', 'odd'])('of %s are those that the text has', (name) => {
    const text = fixtureText(`live/${name}/status`);
    const lines = scanned(text);
    for (const [field, key] of Object.entries(KEYS)) {
      const [, value, unit] = new RegExp(`^${key}:\\s+(\\d+)( kB)?$`, 'm').exec(text)!;
      expect(lines.number(field as keyof typeof KEYS), key).toBe(Number(value) * (unit ? 1024 : 1));
    }
    for (const [field, key] of Object.entries(TEXT_KEYS)) {
      const [, value] = new RegExp(`^${key}:[ \\t]*(.*)$`, 'm').exec(text)!;
      expect(lines.text(field as keyof typeof TEXT_KEYS), key).toBe(value);
    }
    for (const [field, key] of [
      ['uid', 'Uid'],
      ['gid', 'Gid'],
    ] as const) {
      const ids = new RegExp(`^${key}:\\t(.*)$`, 'm').exec(text)![1]!.split('\t').map(Number);
      expect([0, 1, 2, 3].map((more) => lines.number(field, more))).toEqual(ids);
    }
  });

  it.each(['kthreadd', 'zombie'])('of %s have no sizes: NaN, and not 0', (name) => {
    const lines = scanned(fixtureText(`live/${name}/status`));
    for (const field of ['vmSize', 'vmRSS', 'rssAnon', 'vmSwap'] as const) expect(lines.number(field)).toBeNaN();
    expect(lines.number('ppid')).not.toBeNaN();
  });

  it('hold nothing of the text before', () => {
    const lines = new StatusLines();
    scanned('State:\tR (running)\nPPid:\t4\nUid:\t1\t2\t3\t4\n', false, lines);
    const next = scanned('PPid:\t5\n', false, lines);
    expect([next.number('ppid'), next.number('uid'), next.text('state')]).toEqual([5, Number.NaN, '']);
  });

  it('are found by their whole key, at the begin of a line', () => {
    const lines = scanned('PPidx:\t1\nPPi:\t2\nxPPid:\t3\nUidx:\t4\nVmRSSx:\t5 kB\nState \tR\nName:\tPPid:\t6\n');
    expect([lines.number('ppid'), lines.number('uid'), lines.number('vmRSS')]).toEqual(Array(3).fill(Number.NaN));
    expect(lines.text('state')).toBe('');
    expect(scanned('Name:\tx\nPPid:\t7\n').number('ppid')).toBe(7);
  });

  it('are told apart where the first four letters are the same', () => {
    const lines = scanned('SigBlk:\tb\nSigIgn:\ti\nRssFile:\t1 kB\nRssShmem:\t2 kB\nVmPin:\t3 kB\nVmPeak:\t4 kB\n');
    expect([lines.text('sigBlk'), lines.text('sigIgn')]).toEqual(['b', 'i']);
    expect([lines.number('rssFile'), lines.number('rssShmem'), lines.number('vmPeak')]).toEqual([1024, 2048, 4096]);
  });

  it('have no number that may be cut, and none of another line', () => {
    expect(scanned('PPid:\t12').number('ppid')).toBeNaN();
    expect(scanned('PPid:\t12\n').number('ppid')).toBe(12);
    const ids = scanned('Uid:\t1\t2\nGid:\t3\tx\t5\t6\nPPid:\nVmRSS:\t\n');
    expect([0, 1, 2, 3].map((more) => ids.number('uid', more))).toEqual([1, 2, Number.NaN, Number.NaN]);
    expect([0, 1, 2, 3].map((more) => ids.number('gid', more))).toEqual([3, Number.NaN, Number.NaN, Number.NaN]);
    expect([ids.number('ppid'), ids.number('vmRSS')]).toEqual([Number.NaN, Number.NaN]);
    expect(scanned('PPid:').number('ppid')).toBeNaN();
    expect(scanned('PPi').number('ppid')).toBeNaN();
  });

  it('are bytes where the kernel says kB, behind blanks of both kinds', () => {
    const lines = scanned('VmRSS: \t 5 kB\nVmHWM:\t6\nVmSwap:\t7 MB\n');
    expect([lines.number('vmRSS'), lines.number('vmHWM'), lines.number('vmSwap')]).toEqual([5120, 6, 7]);
  });

  it('have empty texts, and those that the end cuts', () => {
    expect(scanned('Groups:\t \nState:\tS (sle').text('groups')).toBe('');
    expect(scanned('Groups:\t \nState:\tS (sle').text('state')).toBe('S (sle');
  });

  it('behind resident memory are not looked at where the usual ones are enough', () => {
    const text = 'State:\tR\nVmHWM:\t1 kB\nVmRSS:\t2 kB\nRssAnon:\t3 kB\nVmSwap:\t4 kB\nSigBlk:\t0\n';
    const usual = scanned(text, true);
    expect([usual.text('state'), usual.number('vmHWM'), usual.number('vmRSS')]).toEqual(['R', 1024, 2048]);
    expect([usual.number('rssAnon'), usual.number('vmSwap'), usual.text('sigBlk')]).toEqual([
      Number.NaN,
      Number.NaN,
      '',
    ]);
    expect(scanned(text).number('vmSwap')).toBe(4096);
  });
});
