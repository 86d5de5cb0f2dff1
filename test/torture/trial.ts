/** What a torture is to the runner: a name, how often its long form does what it does, and figures at the end. */
export interface TrialContext {
  /** How often; what that counts is the trial's. */
  readonly count: number;
  readonly seed: number;
  /** With which of what is done in turn to begin, 1 for the first; for trials that say so. */
  readonly from: number;
  /** Called now and then with what is done, of `count`. */
  progress(done: number): void;
}

export interface Trial {
  readonly name: string;
  /** One sentence: what is done, and what must hold. */
  readonly says: string;
  /** The count of the long form. */
  readonly count: number;
  /** Throws when what it says does not hold; resolves to figures, by name. */
  run(context: TrialContext): Promise<Record<string, number | string>>;
}
