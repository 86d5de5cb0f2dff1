import { expect, it } from 'vitest';
import { ClockLine } from './clock-line.js';
import type { TideEvent } from './events.js';
import { collectMarks } from './marks.js';

const clock = new ClockLine([{ monotonicNs: 0n, realNs: 1000n }]);
const at = (timeNs: number, event: TideEvent) => ({ timeNs: BigInt(timeNs), event });

it('an end is of the span of its number that was begun last, since each writer numbers its own from the start', () => {
  const told = [
    at(1, { type: 'begin', name: 'killed in it', span: 1 }),
    at(6, { type: 'begin', name: 'of the second writer', span: 1 }),
    at(7, { type: 'mark', name: 'within' }),
    at(9, { type: 'end', span: 1 }),
    at(10, { type: 'end', span: 1 }),
    at(11, { type: 'end', span: 2 }),
  ];
  expect(collectMarks(told, clock)).toEqual([
    { name: 'killed in it', timeNs: 1001n, kind: 'span' },
    { name: 'of the second writer', timeNs: 1006n, endNs: 1009n, kind: 'span' },
    { name: 'within', timeNs: 1007n, kind: 'mark' },
  ]);
});

it('are by time, whatever comes first in the file', () => {
  const told = [
    at(8, { type: 'begin', name: 'later', span: 1 }),
    at(3, { type: 'mark', name: 'sooner' }),
    at(9, { type: 'end', span: 1 }),
  ];
  expect(collectMarks(told, clock)).toEqual([
    { name: 'sooner', timeNs: 1003n, kind: 'mark' },
    { name: 'later', timeNs: 1008n, endNs: 1009n, kind: 'span' },
  ]);
});
