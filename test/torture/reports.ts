/** What a writer (kill-writer.js) reported: the frames that it stored, and the one that it was about to store. */

export interface Announced {
  readonly ring: number;
  readonly number: number;
  readonly digest: string;
}

export interface Reported extends Announced {
  /** Monotonic ns at which the frame was in the ring. */
  readonly atNs: bigint;
}

/** The whole lines of a log; the last one is empty, or was cut by a kill. */
export function parseReports(log: string): { reported: Reported[]; announced: Announced | undefined } {
  const reported: Reported[] = [];
  let announced: Announced | undefined;
  for (const line of log.split('\n').slice(0, -1)) {
    const [kind, ring, number, last] = line.split(' ');
    if (kind === 'I') {
      announced = { ring: Number(ring), number: Number(number), digest: last! };
    } else if (announced !== undefined && announced.ring === Number(ring) && announced.number === Number(number)) {
      reported.push({ ...announced, atNs: BigInt(last!) });
      announced = undefined;
    } else {
      throw new Error(`The writer reports what it did not announce: ${line}`);
    }
  }
  return { reported, announced };
}

/** What must be in the rings of a file: by ring, the digest of each frame by its number. */
export class Truth {
  readonly #rings = new Map<number, Map<number, string>>();

  of(ring: number): Map<number, string> {
    const frames = this.#rings.get(ring) ?? new Map<number, string>();
    this.#rings.set(ring, frames);
    return frames;
  }

  get size(): number {
    return [...this.#rings.values()].reduce((sum, frames) => sum + frames.size, 0);
  }
}
