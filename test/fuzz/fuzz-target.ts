/** What is fuzzed, as the runner sees it: a name, and figures at the end of some seconds; or an error at the first finding. */
export interface FuzzContext {
  readonly seconds: number;
  readonly seed: number;
}

export interface FuzzFigures {
  /** Inputs that were tried; each is read several times. */
  readonly executions: number;
  readonly seconds: number;
  /** Edges of the code under test that were reached, where they are counted. */
  readonly edges?: number;
  /** Inputs that were kept because each reached something new. */
  readonly kept?: number;
}

export interface FuzzTarget {
  readonly name: string;
  /** One sentence: what is fed, and what must hold. */
  readonly says: string;
  /** Rejects with a `Finding` when what it says does not hold. */
  run(context: FuzzContext): Promise<FuzzFigures>;
}

/** Something does not hold. The message says what, on which input, and how to repeat it. */
export class Finding extends Error {}
