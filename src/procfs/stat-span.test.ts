/** The fields of a span are those that the tokenizer finds, whatever the name, on every live process and when cut. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { halvesToNumber } from './digits.js';
import { pad } from './padding.js';
import { STAT_FIELDS, StatField, StatValues, tokenizeStat } from './stat.js';
import { type StatFieldName, StatSpan } from './stat-span.js';

const NUMBERS = STAT_FIELDS.filter((name) => name !== 'pid' && name !== 'comm' && name !== 'state') as StatFieldName[];
const TAIL = ' S -1 2 3 34816 -1 4194304 1 2 3 4 5 6 7 8 -20 -5 2 0 99 4096 5 18446744073709551615 1 2 3 4 5';

function expectSame(text: Uint8Array): void {
  const values = new StatValues();
  const padded = pad(text);
  const span = new StatSpan();
  const isText = tokenizeStat(padded.bytes, padded.length, values);
  const bytes = Buffer.concat([Buffer.from('before 1 (x) '), text, Buffer.from(') 5 behind')]);
  expect(span.read(bytes, 13, 13 + text.length)).toBe(isText);
  if (!isText) return;
  expect(span.count).toBe(values.count);
  expect(span.state).toBe(values.state);
  expect(bytes.subarray(span.commStart, span.commEnd)).toEqual(
    Buffer.from(text.subarray(values.commStart, values.commStart + values.commLength)),
  );
  for (const name of NUMBERS) {
    const index = StatField[name];
    const known = index < values.count;
    const signed = Number(BigInt.asIntN(64, values.fields[index]));
    const number = signed < 0 && signed > -1000 ? signed : halvesToNumber(values.halves, index * 2);
    const isHuge = values.fields[index] === 2n ** 64n - 1n && name !== 'ppid' && name !== 'tpgid';
    expect(span.number(name), name).toBe(known ? (isHuge ? 2 ** 64 : number) : 0);
    if (known && !isHuge) expect(span.digits(name), name).toBe(String(signed));
  }
}

describe('a span of stat', () => {
  it('has the fields of every live process', () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      let text: Uint8Array;
      try {
        text = readFileSync(`/proc/${pid}/stat`);
      } catch {
        continue;
      }
      expectSame(text);
    }
  });

  it.each(['plain', 'a) S 1 2 (b', '', ') ', ' \n) R', '((', '\xff\xfe'])('takes the name %j', (name) => {
    expectSame(Buffer.from(`7 (${name})${TAIL}\n`, 'latin1'));
  });

  it('may have more fields than any kernel has yet', () => {
    for (const more of [52, 53, 200]) {
      const text = Buffer.from(`7 (a)${TAIL}${' 9'.repeat(more)}\n`);
      expectSame(text);
      const span = new StatSpan();
      expect(span.read(text, 0, text.length)).toBe(true);
      expect([span.count, span.number('ppid'), span.digits('starttime'), span.number('exit_code')]).toEqual([
        STAT_FIELDS.length,
        -1,
        '99',
        9,
      ]);
    }
  });

  it('is cut anywhere without a wrong number', () => {
    const text = Buffer.from(`7 (a) b)${TAIL}\n`);
    for (let length = 0; length <= text.length; length++) expectSame(text.subarray(0, length));
  });
});
