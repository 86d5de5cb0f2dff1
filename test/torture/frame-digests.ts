/** The frames of a ring as digests of all that a reader sees, the same as kill-writer.js tells of what it stores. */
import { createHash } from 'node:crypto';
import type { CursorStep, RingCursor } from '../../src/ring/ring-cursor.js';

/** By number; throws when frames are missing, unless `withGaps`. */
export function digestsOf(cursor: RingCursor, withGaps = false): Map<number, string> {
  const found = new Map<number, string>();
  for (let step = cursor.next(); step !== null; step = cursor.next()) {
    if (step === 'gap' && !withGaps) {
      throw new Error(`${cursor.lost} frames are missing before frame ${cursor.nextFrame}`);
    }
    const digest = digestOfStep(cursor, step);
    if (digest !== undefined) found.set(cursor.frameSequence, digest);
  }
  return found;
}

/** Of the frame that a cursor has just given out; undefined for other steps. */
export function digestOfStep(cursor: RingCursor, step: CursorStep): string | undefined {
  if (step === 'columns') return sweepDigest(cursor);
  if (step !== 'record') return undefined;
  return digest([cursor.timeNs, cursor.type, Buffer.from(cursor.payload).toString('hex')]);
}

function sweepDigest(cursor: RingCursor): string {
  const slots = [...cursor.updated.slots.subarray(0, cursor.updated.count)];
  const cells = slots.map((slot) => {
    const label = Buffer.from(cursor.labels[slot]!).toString('hex');
    return [slot, label, cursor.status[slot], ...cursor.columns.map((column) => numberText(column[slot]!))].join(',');
  });
  return digest([cursor.startNs, cursor.endNs, ...[...cursor.scalars].map(numberText), ...cells]);
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function digest(parts: readonly unknown[]): string {
  return createHash('sha1').update(parts.join(' ')).digest('hex').slice(0, 20);
}
