import { describe, expect, it } from 'vitest';
import { Author, someone } from '../../test/recorder/synthetic.js';
import { Status } from '../schema.js';
import { growthTable, measureGrowth } from './growth-table.js';

const MIB = 2 ** 20;

function recorded() {
  const author = new Author();
  author.arrive(0, someone(1, 'steady'));
  author.arrive(1, someone(2, 'grows'));
  author.arrive(2, someone(3, 'shrinks\x1b[2J'));
  author.arrive(3, { ...someone(4, 'kthread'), kernelThread: true });
  for (let tick = 0; tick < 48; tick++) {
    if (tick === 24) author.arrive(4, someone(5, 'late'));
    author.set(0, { rss: 50 * MIB });
    author.set(1, { rss: (tick === 10 ? 200 : 10 + tick) * MIB });
    author.set(2, { rss: (100 - tick) * MIB });
    author.set(3, { userTime: 1 }, Status.noMm);
    if (tick >= 24) author.set(4, { rss: (tick - 23) * MIB });
    if (tick === 40) author.set(1, {}, Status.denied);
    author.sweep();
  }
  author.close();
  return measureGrowth(author.open());
}

describe('growth', () => {
  const growths = recorded();

  it('keeps first, last and highest value of every process with memory', () => {
    expect(growths.map(({ pid, first, last, peak }) => [pid, first / MIB, last / MIB, peak / MIB])).toEqual([
      [1, 50, 50, 50],
      [2, 10, 57, 200],
      [3, 100, 53, 100],
      [5, 1, 24, 24],
    ]);
  });

  it('keeps the shape, with holes where the process was not there', () => {
    const late = growths.find(({ pid }) => pid === 5)!;
    expect(late.shape).toHaveLength(24);
    expect(late.shape.slice(0, 12).every(Number.isNaN)).toBe(true);
    expect(late.shape.at(-1)).toBe(24 * MIB);
    expect(Math.max(...growths.find(({ pid }) => pid === 2)!.shape)).toBe(200 * MIB);
  });

  it('shows who grew most, then who is largest, and no escape sequence', () => {
    const lines = growthTable(growths, 15);
    expect(lines[0]).toMatch(/PID\s+COMMAND\s+PEAK RSS\s+FIRST\s+LAST\s+GROWTH\s+OVER TIME/);
    expect(lines.slice(1).map((line) => line.trim().split(/\s+/)[0])).toEqual(['2', '5', '3', '1']);
    expect(lines[1]).toMatch(/grows .*\+47/);
    expect(lines[3]).toMatch(/shrinks\\x1B\[2J .*-47/);
    expect(lines[4]).toMatch(/steady .* 0 /);
    expect(lines.join('\n')).not.toContain('\x1b');
    expect(growthTable(growths, 2)).toHaveLength(3);
    expect(growthTable([], 15)).toHaveLength(1);
  });

  it('keeps names on a narrow terminal, with shapes half as wide', () => {
    const long = growths.map((one) => ({ ...one, commBytes: Buffer.from('a-name-of-15-by') }));
    for (const maxWidth of [60, 80]) {
      const lines = growthTable(long, 15, { maxWidth });
      expect(lines.filter((line) => line.includes('a-name-of-15-by'))).toHaveLength(4);
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(maxWidth);
    }
    expect(growthTable(long, 15, { maxWidth: 80 })).toHaveLength(5);
  });

  it('of an empty recording is empty', () => {
    const author = new Author();
    author.close();
    expect(measureGrowth(author.open())).toEqual([]);
  });
});
