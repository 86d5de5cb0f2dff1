/** What a mark says of an action that was taken on a rule, beside its name: for programs. */
export interface ActionPart {
  /** As it was given: `rss>2GiB|growth>1MiB/s`. */
  readonly rule: string;
  /**
   * `fired`: the action was begun. `ended`: by itself, with `exitCode` or by `signal`. `timed-out`: it was ended.
   * `stopped`: it was ended with the recording. `not-started`: it could not be begun. `suppressed`: at the end of the recording, how often nothing was done.
   */
  readonly state: 'fired' | 'ended' | 'timed-out' | 'stopped' | 'not-started' | 'suppressed';
  /** The name of the program. */
  readonly command?: string;
  /** What was true: the metric, and its value in bytes, bytes per second, nanoseconds, a count, or a part of 1. */
  readonly metric?: string;
  readonly value?: number;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly tookNs?: number;
  /** Of `suppressed`: how often it fired; how often it did not since the same process had just been acted upon, or since too many were. */
  readonly fired?: number;
  readonly tooSoon?: number;
  readonly tooMany?: number;
}
