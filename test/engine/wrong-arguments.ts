/** Arguments that are wrong in any place of the addons' functions, or happen to be right in some. */
import { expect } from 'vitest';

export const WRONG: unknown[] = [
  undefined,
  null,
  'text',
  {},
  [],
  () => {},
  Symbol('slot'),
  true,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 32,
  2 ** 53,
  12n,
  -(2n ** 63n),
  new DataView(new ArrayBuffer(4096)),
  new ArrayBuffer(4096),
  new SharedArrayBuffer(4096),
  ...[
    Int8Array,
    Uint8ClampedArray,
    Int16Array,
    Int32Array,
    Float32Array,
    Float64Array,
    BigUint64Array,
    Uint32Array,
  ].flatMap((Kind) => [new Kind(4096) as unknown, new Kind(0)]),
  new Float64Array(new SharedArrayBuffer(32_768)),
  new Uint32Array(new SharedArrayBuffer(32_768)),
  new Uint8Array(new SharedArrayBuffer(32_768)),
  new BigInt64Array(new SharedArrayBuffer(32_768)),
];
/** Wrong ones that happen to be right in a place; what they do there is no crash. */
export const isRightKind = (right: unknown, wrong: unknown): boolean =>
  ArrayBuffer.isView(right)
    ? (wrong as Uint8Array | null)?.constructor === right.constructor &&
      (wrong as Uint8Array).buffer instanceof ArrayBuffer
    : typeof right === typeof wrong && typeof right === 'bigint';

/** What a call that may throw did; a crash would end this process. */
export function attempt(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
}

export function describeValue(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`;
  return typeof value === 'symbol' ? 'a symbol' : `${typeof value} ${String(value)}`;
}
