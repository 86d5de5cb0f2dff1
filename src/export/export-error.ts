/** Thrown where a recording has nothing that the format could tell; the message says what, and what to do. */
export class ExportError extends Error {
  readonly code = 'nothing-to-export';
}
