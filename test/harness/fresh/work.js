/** Functions that are measured in a process of their own. */
const held = [];

/** Builds and drops trees of objects: what that takes depends on when V8 collects. */
export function json() {
  const rows = Array.from({ length: 20_000 }, (_, id) => ({ id, name: `row ${id}`, value: id * 1.5 }));
  return JSON.parse(JSON.stringify(rows)).length;
}

/** Holds 1 MiB outside of the heap. */
export default function hold() {
  held.push(Buffer.alloc(2 ** 20, 1));
}

export function fails() {
  throw new RangeError('of the function');
}

export const number = 1;
