/** Cutting the last minutes from the ring that is being written: by a program of its own, behind others. */
import { formatDurationShort } from '../text/duration.js';
import { runBehind } from './run-behind.js';

export interface RingCutting {
  /** The ring. */
  readonly ring: string;
  /** Program and first arguments of `tidemark`. */
  readonly tidemark: readonly [program: string, ...words: string[]];
}

/** A cut that takes longer will not come. */
export const MOST_MS = 300_000;

/** Cuts the last so many nanoseconds into a file. Rejects with what went wrong. */
export function cutRing(
  { ring, tidemark }: RingCutting,
  lastNs: bigint,
  file: string,
  mostMs = MOST_MS,
): Promise<void> {
  const [program, ...words] = tidemark;
  return runBehind(program, [...words, 'cut', ring, '--last', formatDurationShort(Number(lastNs)), '-o', file], mostMs);
}
