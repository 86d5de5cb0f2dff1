/**
 * What the exit code of every command means. Scripts branch on these, so a number never changes its meaning; where procps
 * has a code for the same case, the command that mimics it uses procps' own.
 */
export const ExitCode = {
  ok: 0,
  /** The work could not be done. */
  failed: 1,
  /** The command line could not be understood. */
  usage: 2,
  /** It was done, and what it found is what was to be guarded against: a threshold exceeded, two values that differ. */
  mismatch: 3,
  /** The process that was named does not exist. */
  notFound: 4,
  notPermitted: 5,
} as const;

/** Of `run`, whose exit code is otherwise that of its command: 125 for every failure of its own. */
export const OWN_FAILURE = 125;

/** 126 and 127: the command of `run` could not be run, or was not found. */
export type ExitCodeValue = (typeof ExitCode)[keyof typeof ExitCode] | typeof OWN_FAILURE | 126 | 127;

/** The same for people, at the end of the help. */
export const EXIT_CODES_TEXT =
  'Exit codes: 0 fine, 1 failed, 2 usage, 3 mismatch found or threshold exceeded, 4 target not found, 5 not permitted';
