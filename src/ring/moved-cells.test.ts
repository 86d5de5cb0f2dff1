/** Cells written into too little room: nothing behind the limit is touched, and what fits is what would be written without one. */
import { expect, it } from 'vitest';
import { MovedCells } from './moved-cells.js';

const SLOTS = 200;
const COLUMNS = [4096, 1, 0.5].map((quantum, index) => ({ name: `c${index}`, quantum }));
const BEHIND = 0xa5;

/** The values of a sweep in which a share of the cells has moved since the last one, and what the reader holds. */
function sweep(share: number, together: boolean, steps: number) {
  let state = 11;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const held = COLUMNS.map(({ quantum }, c) =>
    Float64Array.from({ length: SLOTS }, (_, slot) => (slot + c) * 9 * quantum),
  );
  const values = held.map((column) => column.slice());
  for (let slot = 0; slot < SLOTS; slot++) {
    const moves = random() < share;
    for (const [c, { quantum }] of COLUMNS.entries()) {
      if (together ? !moves : random() >= share) continue;
      values[c]![slot] =
        random() < 0.05 ? Number.NaN : held[c]![slot]! + Math.ceil((random() - 0.5) * 2 * steps) * quantum;
    }
  }
  return { held, values };
}

it.each([
  ['few', 0.02, true, 40],
  ['few, each for itself', 0.02, false, 40],
  ['a half', 0.5, true, 40],
  ['a half, each for itself', 0.5, false, 40],
  ['a quarter, each for itself', 0.25, false, 40],
  ['nearly all, each for itself', 0.9, false, 80],
  ['all', 1, true, 40],
  ['all, by much', 1, false, 1e9],
  ['none', 0, true, 1],
])('%s', (_name, share, together, steps) => {
  const live = new Uint8Array(SLOTS).fill(1);
  const write = (limit: number) => {
    const { held, values } = sweep(share, together, steps);
    const cells = new MovedCells(COLUMNS);
    cells.findInSlots(values, held, live, SLOTS);
    const out = new Uint8Array(16_384).fill(BEHIND);
    const end = cells.write(out, 5, limit, values, held, SLOTS);
    return { out, end, held, values };
  };
  const whole = write(16_000);
  expect(whole.end).toBeGreaterThan(5);
  // What the reader holds is carried along.
  expect(whole.held).toEqual(whole.values);
  let fitted = 0;
  for (let limit = 5; limit < whole.end + 64; limit++) {
    const { out, end } = write(limit);
    expect(
      out.subarray(limit).every((byte) => byte === BEHIND),
      `limit ${limit}`,
    ).toBe(true);
    expect(out.subarray(0, 5).every((byte) => byte === BEHIND)).toBe(true);
    if (end === -1) continue;
    fitted++;
    expect(end).toBe(whole.end);
    expect(Buffer.compare(out.subarray(5, end), whole.out.subarray(5, end))).toBe(0);
  }
  // It may ask for a little more room than it takes, and not for much more.
  expect(fitted).toBeGreaterThan(30);
});
