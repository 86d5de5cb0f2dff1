/** What every benchmark is given, and how it is listed. */
import type { Finding, FindingParts } from './finding.js';
import type { Zoo } from './zoo.js';

export interface BenchContext {
  /** A few rounds over a small zoo, to see that everything works: its numbers mean little. */
  readonly quick: boolean;
  /** Also what is left out for its length. */
  readonly full: boolean;
  /** What --processes says, for benchmarks with processes of their own. */
  readonly processes: number;
  /** Only for benchmarks that need it. */
  readonly zoo: Zoo;
  /** Reports a finding. */
  report(parts: Omit<FindingParts, 'bench'>): Finding;
  /** Reports in a sentence what could not be measured, and how to get it measured. */
  note(sentence: string): void;
}

export interface Bench {
  readonly name: string;
  /** What it shows, in half a line. */
  readonly summary: string;
  readonly needsZoo: boolean;
  run(context: BenchContext): Promise<void>;
}
