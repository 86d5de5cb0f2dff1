/**
 * Splits bytes into valid UTF-8 and the rest. The kernel cuts `comm` at 15 bytes wherever that falls, and a path is any
 * bytes but NUL and slash, so names that are not UTF-8 are ordinary. Validity is strict (Unicode table 3-7: no
 * overlong form, no surrogate, nothing above U+10FFFF), since a lenient decoder is how two names become one.
 */

/**
 * Length in bytes of the valid UTF-8 sequence that starts at `at`, or 0 if none starts there.
 * `at` must lie inside `bytes`.
 */
export function utf8SequenceLength(bytes: Uint8Array, at: number): 0 | 1 | 2 | 3 | 4 {
  const lead = bytes[at];
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;

  const second = bytes[at + 1];
  if (lead < 0xe0) return isContinuation(second) ? 2 : 0;

  // Four lead bytes narrow what may follow: E0 and F0 against overlong forms, ED against surrogates, F4 against > 10FFFF.
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (!(second >= low && second <= high) || !isContinuation(bytes[at + 2])) return 0;
  if (lead < 0xf0) return 3;
  return isContinuation(bytes[at + 3]) ? 4 : 0;
}

/**
 * Calls `onText` for each longest run of valid UTF-8, `onInvalid` for each single byte that belongs to none, in order,
 * and returns what they gave, joined.
 */
export function mapUtf8(
  bytes: Uint8Array,
  onText: (text: string) => string,
  onInvalid: (byte: number) => string,
): string {
  // A Buffer, not a TextDecoder: it reads a view of a SharedArrayBuffer and keeps a leading U+FEFF.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let out = '';
  let at = 0;
  while (at < bytes.length) {
    const end = validPrefixEnd(bytes, at);
    if (end > at) out += onText(buffer.toString('utf8', at, end));
    if (end < bytes.length) out += onInvalid(bytes[end]);
    at = end + 1;
  }
  return out;
}

function validPrefixEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const length = utf8SequenceLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return at;
}

/** Past the end `byte` is undefined, which is no continuation either. */
function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf;
}
