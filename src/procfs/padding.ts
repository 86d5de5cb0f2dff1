/**
 * The padded-buffer contract of every tokenizer.
 *
 * A tokenizer may load a few bytes beyond the end of the text before it looks whether they belong to it. So a text of
 * `length` bytes always lies in a buffer that has at least `PADDING` readable bytes after it; their values do not
 * matter. The C++ twin asserts the same number at compile time.
 */

export const PADDING = 64;

/** A text and how much of its buffer it fills. */
export interface PaddedText {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** A padded copy of `text`. */
export function pad(text: Uint8Array): PaddedText {
  const bytes = new Uint8Array(text.length + PADDING);
  bytes.set(text);
  return { bytes, length: text.length };
}

/** Throws a TypeError unless `bytes` has room for `length` bytes of text and the padding. */
export function assertPadded(bytes: Uint8Array, length: number): void {
  if (!Number.isInteger(length) || length < 0 || bytes.length - length < PADDING) {
    throw new TypeError(
      `Expected a buffer with ${PADDING} bytes of padding after ${length} bytes of text, got ${bytes.length} bytes`,
    );
  }
}
