/**
 * What a reader throws when a file as a whole cannot be read. Damage further inside is never thrown: it is a value in
 * `RingReader.damage`, because everything around it still stands.
 */

/**
 * `not-a-ring`: other content or too short; `newer-version`, `older-version`: of another major version, can be read and
 * not continued; `damaged-header`.
 */
export type RingFormatCode = 'not-a-ring' | 'newer-version' | 'older-version' | 'no-room' | 'damaged-header';

/** The message names no path: a ring may be memory; the caller that knows the path adds it. */
export class RingFormatError extends Error {
  override readonly name = 'RingFormatError';

  constructor(
    readonly code: RingFormatCode,
    message: string,
  ) {
    super(message);
  }
}
