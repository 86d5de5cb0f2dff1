/** A wrong value as an error names it: on one line, of bounded length, and without calling into the value. */
import { inspect } from 'node:util';

export function shown(value: unknown): string {
  return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 8, maxStringLength: 200 });
}
