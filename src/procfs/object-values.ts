/**
 * How one value of kernel text becomes a value of a plain object.
 *
 * The traps: integers above 2^53 become decimal strings and addresses lowercase hex strings, because a JS number cannot
 * hold them; a name that is not UTF-8 is given in hex beside its readable form.
 */
import { isUtf8 } from 'node:buffer';

/** A number, or a decimal string when it exceeds 2^53-1. */
export type Integer = number | string;

/** Thrown when a text is not what it was said to be. */
export class KernelTextError extends Error {
  readonly code = 'not-kernel-text';
}

/** `{ name }`, and `{ nameHex }` beside it when the bytes are not UTF-8. */
export function textAndHex(name: string, bytes: Uint8Array): Record<string, string> {
  const text = decodeText(bytes);
  return isUtf8(bytes) ? { [name]: text } : { [name]: text, [`${name}Hex`]: Buffer.from(bytes).toString('hex') };
}

export function decodeText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Sets a key that comes from outside; `__proto__` stays a plain key. */
export function setOwn<T>(object: Record<string, T>, key: string, value: T): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

export function hex(value: bigint): string {
  return value.toString(16);
}

export function integer(value: bigint): Integer {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value.toString();
}
