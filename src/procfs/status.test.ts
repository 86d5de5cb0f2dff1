import { describe, expect, it } from 'vitest';
import { fixture, fixtureText } from '../../test/tokenizers/fixtures.js';
import { pad } from './padding.js';
import { STATUS_KEYS, StatusColumn, type StatusField, StatusValues, tokenizeStatus } from './status.js';

function status(text: Uint8Array | string) {
  const { bytes, length } = pad(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  const values = new StatusValues();
  const found = tokenizeStatus(bytes, length, values);
  const span = (word: number) =>
    Buffer.from(bytes.subarray(values.others[word]!, values.others[word]! + values.others[word + 1]!)).toString(
      'latin1',
    );
  return {
    found,
    field: (name: StatusField) => values.fields[StatusColumn[name]]!,
    others: Array.from({ length: values.counts[0]! }, (_, other) => [span(other * 4), span(other * 4 + 2)]),
    malformed: values.counts[1]!,
  };
}

describe('tokenizeStatus', () => {
  it.each(['bash', 'sleep', 'python3', 'node', 'threaded', 'odd'])('reads every known line of %s', (name) => {
    const text = fixtureText(`live/${name}/status`);
    const { field, malformed } = status(text);
    expect(malformed).toBe(0);
    for (const { key, name } of STATUS_KEYS) {
      const match = new RegExp(`^${key}:\\s+(\\d+)( kB)?$`, 'm').exec(text);
      expect([key, field(name)]).toEqual([key, match ? Number(match[1]) * (match[2] ? 1024 : 1) : Number.NaN]);
    }
  });

  it.each(['kthreadd', 'zombie'])('has no Vm lines of %s, which is no memory map and not 0', (name) => {
    const { field, found } = status(fixture(`live/${name}/status`));
    expect(found).toBe(true);
    expect([field('vmSize'), field('vmRSS'), field('rssAnon'), field('vmSwap')]).toEqual(Array(4).fill(Number.NaN));
    expect(field('threads')).toBe(1);
  });

  it('reads an old kernel', () => {
    const { field, others } = status(fixture('written/status.linux-2.6.32'));
    expect([field('vmRSS'), field('vmPeak'), field('threads')]).toEqual([1528 * 1024, 19_396 * 1024, 1]);
    expect([field('rssAnon'), field('vmPin')]).toEqual([Number.NaN, Number.NaN]);
    expect(others).toContainEqual(['Utrace', '0']);
    expect(others).toContainEqual(['Groups', '']);
  });

  it('keeps masks as text and rounds wide numbers once', () => {
    const { field, others } = status(fixture('written/status.masks'));
    expect(others).toContainEqual(['SigPnd', 'ffffffffffffffff']);
    expect(others).toContainEqual(['SigBlk', '18446744073709551615']);
    expect(field('vmPeak')).toBe(2 ** 74);
    expect(field('vmSize')).toBe(2 ** 44);
    expect(field('vmRSS')).toBe(2 ** 63);
    expect(field('threads')).toBe(2 ** 64);
  });

  it('keeps a known key with an unknown value as text', () => {
    const { field, others, malformed } = status(fixture('written/status.bad-values'));
    expect(others).toEqual([
      ['Name', ''],
      ['State', ''],
      ['Uid', ''],
      ['Gid', '0\tx'],
      ['Pid', 'seven'],
      ['VmRSS', '12'],
      ['VmSize', '12 MB'],
      ['Threads', '3 kB'],
    ]);
    expect(field('vmPeak')).toBe(12 * 1024);
    expect(field('ppid')).toBe(4);
    expect(malformed).toBe(3);
  });

  it('leaves a number absent that the end of the text may have cut', () => {
    expect(status(fixture('written/status.cut')).field('threads')).toBeNaN();
    expect(status(fixture('written/status.cut')).field('vmSize')).toBe(100 * 1024);
    expect(status(fixture('written/status.cut-size')).field('vmSize')).toBeNaN();
    expect(status(fixture('written/status.cut-size')).field('pid')).toBe(11);
    expect(status(fixture('written/status.no-newline')).field('vmSize')).toBe(100 * 1024);
  });

  it('never invents a value: every cut of a live text gives some of its values', () => {
    const text = fixtureText('live/node/status');
    const whole = status(text);
    const known = new Set(whole.others.map(([key, value]) => `${key}:${value}`));
    for (let length = 0; length < text.length; length++) {
      const cut = status(text.slice(0, length));
      for (const { name } of STATUS_KEYS) {
        if (!Number.isNaN(cut.field(name))) expect([name, cut.field(name)]).toEqual([name, whole.field(name)]);
      }
      for (const [key, value] of cut.others.slice(0, -1)) expect(known).toContain(`${key}:${value}`);
    }
  });

  it('does not take a key for another that it begins', () => {
    const { field, others } = status('VmRSSx:\t1 kB\nVmRS:\t2 kB\nxVmRSS:\t3 kB\nPid :\t4\n');
    expect([field('vmRSS'), field('pid')]).toEqual([Number.NaN, Number.NaN]);
    expect(others.map(([key]) => key)).toEqual(['VmRSSx', 'VmRS', 'xVmRSS', 'Pid ']);
  });

  it('takes the lines in any order, and the last of two', () => {
    const { field } = status('Threads:\t2\nVmRSS:\t4 kB\nPid:\t1\nThreads:\t3\n');
    expect([field('threads'), field('vmRSS'), field('pid')]).toEqual([3, 4096, 1]);
  });

  it('counts lines beyond the 256 that it keeps', () => {
    const lines = Array.from({ length: 300 }, (_, line) => `Key${line}:\tv\n`).join('');
    const { others, malformed, field } = status(`${lines}Pid:\t3\n`);
    expect([others.length, malformed, field('pid')]).toEqual([256, 44, 3]);
  });

  it.each(['empty', 'no-lines'])('refuses %s', (name) => {
    expect(status(fixture(`written/status.${name}`)).found).toBe(false);
  });
});
