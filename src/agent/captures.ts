/**
 * The last minutes of the ring as recordings of their own, cut when something happens and kept when the ring has gone on.
 *
 * The traps: what happens tends to happen again and again, so the same reason waits and all captures together have a bound, and
 * what was left out is counted; and cutting takes a processor for a moment, so a program of its own does it, behind others, and
 * the sampler never waits.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { cutRing, MOST_MS, type RingCutting } from './cut-ring.js';
import { runBehind } from './run-behind.js';

export interface CaptureOptions extends RingCutting {
  /** Where captures are kept. */
  readonly folder: string;
  /** How far back a capture reaches, and how long the same reason waits; nanoseconds. */
  readonly lastNs: bigint;
  readonly everyNs: bigint;
  /** Of all captures: the oldest go. */
  readonly mostBytes: number;
  /** What is run with each capture, `{file}` replaced. */
  readonly upload?: readonly [program: string, ...words: string[]];
  readonly onWarning: (sentence: string) => void;
}

export interface CaptureCounts {
  readonly made: number;
  readonly failed: number;
  /** Left out: for the same reason lately, or while several others waited. */
  readonly suppressed: number;
}

export interface CaptureFile {
  readonly name: string;
  readonly bytes: number;
}

const NAME = /^\d{8}T\d{6}\.\d{3}Z-[A-Za-z0-9.-]{1,64}\.tide$/;
/** What happens together is in the same minutes: few captures of it are enough. */
const MOST_WAITING = 4;
const MOST_REASONS = 1000;

export class Captures {
  #made = 0;
  #failed = 0;
  #suppressed = 0;
  /** Those that are made or wait for their turn. */
  #waiting = 0;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #madeMs = new Map<string, number>();

  /** Makes the folder. Throws the errno where it cannot. */
  constructor(private options: CaptureOptions) {
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(options.folder)) {
      // What was being cut when we ended.
      if (!NAME.test(name)) rmSync(path.join(options.folder, name), { force: true, recursive: true });
    }
  }

  /** Goes on in another way; what waits its turn too. */
  change(options: Omit<CaptureOptions, 'ring' | 'folder' | 'onWarning'>): void {
    const { folder, ring, onWarning } = this.options;
    this.options = { ...options, folder, ring, onWarning };
  }

  get counts(): CaptureCounts {
    return { made: this.#made, failed: this.#failed, suppressed: this.#suppressed };
  }

  /** The captures that are there, the oldest first. */
  list(): CaptureFile[] {
    const names = readdirSync(this.options.folder).filter((name) => NAME.test(name));
    return names.sort().map((name) => ({ name, bytes: statSync(path.join(this.options.folder, name)).size }));
  }

  /** The path of a capture that is there. */
  fileOf(name: string): string | undefined {
    return this.list().some((capture) => capture.name === name) ? path.join(this.options.folder, name) : undefined;
  }

  /** Cuts one, unless there was one for the same reason lately. Resolves to its name when it is whole; never rejects. */
  async capture(reason: string, isAsked = false): Promise<string | undefined> {
    const nowMs = performance.now();
    const waited = nowMs - (this.#madeMs.get(reason) ?? Number.NEGATIVE_INFINITY);
    if (this.#waiting >= MOST_WAITING || (!isAsked && waited < Number(this.options.everyNs) / 1e6)) {
      this.#suppressed++;
      return undefined;
    }
    this.#madeMs.set(reason, nowMs);
    if (this.#madeMs.size > MOST_REASONS) this.#madeMs.delete(this.#madeMs.keys().next().value!);
    this.#waiting++;
    const made = this.#turn.then(() => this.#make(reason));
    this.#turn = made;
    const name = await made;
    this.#waiting--;
    return name;
  }

  async #make(reason: string): Promise<string | undefined> {
    const name = `${new Date().toISOString().replace(/[-:]/g, '')}-${slugOf(reason)}.tide`;
    const file = path.join(this.options.folder, name);
    try {
      await cutRing(this.options, this.options.lastNs, file);
      this.#made++;
      this.#prune(name);
    } catch (error) {
      this.#failed++;
      this.options.onWarning(`No capture could be made of ${reason}: ${(error as Error).message}`);
      return undefined;
    }
    void this.#upload(file);
    return name;
  }

  #prune(newest: string): void {
    const captures = this.list();
    let bytes = captures.reduce((sum, capture) => sum + capture.bytes, 0);
    for (const capture of captures) {
      if (bytes <= this.options.mostBytes) break;
      // After the clock was put back it need not be the last by its name.
      if (capture.name === newest) continue;
      rmSync(path.join(this.options.folder, capture.name), { force: true });
      bytes -= capture.bytes;
    }
  }

  async #upload(file: string): Promise<void> {
    const { upload } = this.options;
    if (!upload) return;
    const [program, ...words] = upload;
    try {
      const filled = words.map((word) => word.replaceAll('{file}', file));
      await runBehind(program, filled, MOST_MS);
    } catch (error) {
      this.options.onWarning(`${file} was not uploaded: ${(error as Error).message}`);
    }
  }
}

/** A reason as a part of a file name. */
export function slugOf(reason: string): string {
  const slug = reason.replace(/[^A-Za-z0-9.]+/g, '-').replace(/^[-.]+|[-.]+$/g, '');
  return slug.slice(0, 60) || 'capture';
}
