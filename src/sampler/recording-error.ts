/** What can go wrong with a recording that is being made, as one class with a code. */

/** Thrown, or rejected with, when nothing is or can be recorded. `code` says why. */
export class RecordingError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
  /** It was stopped so soon that there is nothing. */
  static beforeFirstFrame(): RecordingError {
    return new RecordingError('stopped', 'The recording was stopped before its first frame');
  }
}
