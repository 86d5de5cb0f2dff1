/** Beside what throws it, so that whoever asks for its class alone does not load the rest. */

/** A task could not be run in a process of its own; `cause` is what it threw there, as text, where that is why. */
export class IsolationError extends Error {
  override readonly name = 'IsolationError';
  readonly code = 'not-isolated';
}
