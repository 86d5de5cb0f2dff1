import { describe, expect, it } from 'vitest';
import { fixture, fixtureText } from '../../test/tokenizers/fixtures.js';
import { pad } from './padding.js';
import { STAT_FIELDS, StatField, StatValues, tokenizeStat } from './stat.js';

function stat(text: Uint8Array | string) {
  const { bytes, length } = pad(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  const values = new StatValues();
  if (!tokenizeStat(bytes, length, values)) return undefined;
  return {
    comm: Buffer.from(bytes.subarray(values.commStart, values.commStart + values.commLength)).toString('latin1'),
    state: String.fromCharCode(values.state),
    count: values.count,
    field: (name: keyof typeof StatField) => BigInt.asIntN(64, values.fields[StatField[name]]!),
  };
}

/** A stat with the given name and the numbers 4, 5, 6, ... behind the state, as proc(5) counts the fields. */
const numbered = (comm: string, last = 52) =>
  `1 (${comm}) S ${Array.from({ length: last - 3 }, (_, index) => index + 4).join(' ')}\n`;

describe('tokenizeStat', () => {
  it('has every field at its place of proc(5)', () => {
    const found = stat(numbered('x'))!;
    expect(found.count).toBe(52);
    for (const name of STAT_FIELDS.slice(3)) expect(found.field(name)).toBe(BigInt(StatField[name] + 1));
    expect([StatField.ppid, StatField.minflt, StatField.utime, StatField.starttime, StatField.rss]).toEqual([
      3, 9, 13, 21, 23,
    ]);
  });

  it('counts from the last ")": a name with ") (", a state letter and a newline', () => {
    const found = stat(fixture('written/stat.names'))!;
    expect(found.comm).toBe('a) b) ( S 1\n2 3');
    expect(found.state).toBe('R');
    expect(found.field('ppid')).toBe(1n);
    expect(found.field('nice')).toBe(-5n);
    expect(found.field('starttime')).toBe(123_456n);
    expect(found.field('exit_code')).toBe(-9n);
  });

  it.each([')', '(', ') S 1 1', ' ', '', 'a\nb', '((', '))', ') ('])('keeps the name %j whole', (comm) => {
    const found = stat(numbered(comm))!;
    expect(found.comm).toBe(comm);
    expect(found.field('ppid')).toBe(4n);
  });

  it('keeps a live name that tries all of that', () => {
    const found = stat(fixture('live/odd/stat'))!;
    expect(found.comm).toBe(' x) R (\n 1 2\\\xff');
    expect(found.state).toBe('S');
    expect(found.field('pid')).toBe(BigInt(/^\d+/.exec(fixtureText('live/odd/stat'))![0]));
  });

  it('keeps all 64 bits of signal masks and limits', () => {
    const found = stat(fixture('written/stat.names'))!;
    expect(BigInt.asUintN(64, found.field('rsslim'))).toBe((1n << 64n) - 1n);
    expect(found.field('blocked')).toBe(-1n);
  });

  it('has fewer fields on an old kernel', () => {
    const found = stat(fixture('written/stat.linux-2.6.32'))!;
    expect(found.count).toBe(44);
    expect(found.field('cguest_time')).toBe(0n);
  });

  it('ignores fields that a later kernel adds', () => {
    const found = stat(fixture('written/stat.more-fields'))!;
    expect(found.count).toBe(52);
    expect(found.field('exit_code')).toBe(5n);
  });

  it('has a thread count and a state for kernel threads and zombies', () => {
    expect(stat(fixture('live/kthreadd/stat'))).toMatchObject({ comm: 'kthreadd', state: 'S' });
    expect(stat(fixture('live/zombie/stat'))).toMatchObject({ comm: 'true', state: 'Z' });
    expect(stat(fixture('live/threaded/stat'))!.field('num_threads')).toBe(6n);
  });

  it('does not count a number that runs to the end of the text: it may be cut', () => {
    const found = stat(fixture('written/stat.cut'))!;
    expect(found.count).toBe(StatField.rss);
    expect(found.field('vsize')).toBe(8_192_000n);
  });

  it('refuses a text whose start time may be cut, since it would be another identity', () => {
    expect(stat(fixture('written/stat.cut-start'))).toBeUndefined();
    expect(stat(numbered('x', 22))?.field('starttime')).toBe(22n);
  });

  it('never invents a value: every cut of a live text gives a prefix of its fields', () => {
    const text = fixtureText('live/python3/stat');
    const whole = stat(text)!;
    for (let length = 0; length < text.length; length++) {
      const cut = stat(text.slice(0, length));
      if (cut === undefined) continue;
      for (const name of STAT_FIELDS.slice(3, cut.count)) expect(cut.field(name)).toBe(whole.field(name));
    }
  });

  it.each(['empty', 'no-name'])('refuses %s', (name) => {
    expect(stat(fixture(`written/stat.${name}`))).toBeUndefined();
  });

  it.each(['1', '1 ', '1 (', '1 (a', '1 (a)', '1 (a) ', '1 (a) S', 'x (a) S 1\n', '1(a) S 1\n', ' 1 (a) S 1\n'])(
    'refuses %j',
    (text) => {
      expect(stat(text)).toBeUndefined();
    },
  );
});
