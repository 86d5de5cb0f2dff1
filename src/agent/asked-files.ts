/**
 * The last minutes of the ring for one who asks, as a recording or as the page of a report: in files that are theirs to remove.
 *
 * The trap: whoever asks may ask often, and each answer takes a processor for seconds; so one of a kind is made at a time.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { formatDurationShort } from '../text/duration.js';
import { slugOf } from './captures.js';
import { cutRing, type RingCutting } from './cut-ring.js';
import { runBehind } from './run-behind.js';

/** From the cut to the page. */
const MOST_REPORT_MS = 60_000;

/** One is made at a time. */
export class BusyError extends Error {}

export class AskedFiles {
  readonly #busy = new Set<'cut' | 'report'>();

  /** `folder`: of captures, which removes what we left there when we were ended. */
  constructor(
    private readonly folder: string,
    private readonly cutting: RingCutting,
  ) {}

  /** Cuts the last so many nanoseconds. Rejects with what went wrong: `BusyError` while another is cut. */
  cut(lastNs: bigint): Promise<string> {
    return this.#alone('cut', async (file) => cutRing(this.cutting, lastNs, file));
  }

  /**
   * Makes the page of the last so many nanoseconds. Rejects with what went wrong: `BusyError` while another is made,
   * `OvertimeError` when it takes too long.
   */
  report(lastNs: bigint): Promise<string> {
    return this.#alone('report', async (page) => {
      const cutFolder = `${page}.cut`;
      const endMs = performance.now() + MOST_REPORT_MS;
      try {
        mkdirSync(cutFolder, { mode: 0o700 });
        // A page is called as its recording is.
        const last = formatDurationShort(Number(lastNs)).replace(/(?<=m)0s$/, '');
        const cut = path.join(cutFolder, `${slugOf(hostname())}-last-${slugOf(last)}.tide`);
        await cutRing(this.cutting, lastNs, cut, MOST_REPORT_MS);
        const [program, ...words] = this.cutting.tidemark;
        await runBehind(program, [...words, 'report', cut, '-o', page], Math.max(1, endMs - performance.now()));
      } finally {
        rmSync(cutFolder, { force: true, recursive: true });
      }
    });
  }

  async #alone(kind: 'cut' | 'report', make: (file: string) => Promise<void>): Promise<string> {
    if (this.#busy.has(kind)) throw new BusyError(`another ${kind} is being made`);
    this.#busy.add(kind);
    const file = path.join(this.folder, `asked-${randomBytes(8).toString('hex')}`);
    try {
      await make(file);
      return file;
    } catch (error) {
      rmSync(file, { force: true });
      throw error;
    } finally {
      this.#busy.delete(kind);
    }
  }
}
