/** What the page is told of what happened: collections of V8 among it, however many there were. */
import { expect, it } from 'vitest';
import { Author, someone } from '../../test/recorder/synthetic.js';
import { identityKey } from '../engine/identity.js';
import type { V8Record } from '../recording/v8-log.js';
import { collectHappenings } from './happenings.js';

const PART = { pid: 7, startTicks: 107 };

function happenings(records: (author: Author) => V8Record[]) {
  const author = new Author({ metadata: { v8: true }, sizeBytes: 2 ** 23 });
  author.arrive(0, someone(7, 'node'));
  author.set(0, { rss: 4096 });
  const beginNs = author.nowNs;
  for (let tick = 0; tick < 20; tick++) author.sweep();
  author.writer.v8(records(author));
  author.close();
  const numberOf = (key: string) => (key === identityKey(someone(7)) ? 3 : undefined);
  return collectHappenings(author.open(), (timeNs) => Number(timeNs - beginNs) / 1e6, numberOf);
}

const gc = (timeNs: bigint, kind: string, more: object = {}): V8Record => ({
  timeNs,
  event: { type: 'v8Gc', ...PART, thread: 0, kind, pauseNs: 1_500_000, ...more },
});

it('has the collections of V8 with their pause, their heap and their process', () => {
  const { events, more } = happenings((author) => [
    gc(author.nowNs - 500_000_000n, 'scavenge', { thread: 2 }),
    gc(author.nowNs - 400_000_000n, 'mark-sweep-compact', { usedBefore: 3 * 2 ** 20, usedAfter: 2 ** 20 }),
  ]);
  const [first, second] = events.filter(({ kind }) => kind === 'gc');
  expect(first).toMatchObject({ process: 3, text: 'V8 (7, thread 2): scavenge' });
  expect(second!.text).toBe('V8 (7): mark-sweep-compact, heap 3.0 MiB to 1.0 MiB');
  expect(second!.to! - second!.at).toBeCloseTo(1.5, 6);
  expect(second!.at - first!.at).toBeCloseTo(100, 6);
  expect(more).toBe(0);
});

it('keeps whole collections beside a storm of short ones, and counts those that it leaves out', () => {
  const { events, more } = happenings((author) => [
    gc(author.nowNs - 900_000_000n, 'mark-sweep-compact'),
    ...Array.from({ length: 9000 }, (_, index) => gc(author.nowNs - 800_000_000n + BigInt(index) * 1000n, 'scavenge')),
  ]);
  const told = events.filter(({ kind }) => kind === 'gc');
  expect(told[0]!.text).toContain('mark-sweep-compact');
  expect(told.length + more).toBe(9001);
  expect(told.length).toBeLessThanOrEqual(4001);
  // The latest of the short ones.
  expect(told.at(-1)!.at - told[1]!.at).toBeCloseTo((told.length - 2) / 1000, 3);
});
