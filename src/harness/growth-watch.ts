/**
 * The resident memory of another process while it is made to work, with what it was made of where it had fallen.
 *
 * The trap: its parts are worth something only of the instant that the sum is of, and that a value was the least is known when
 * memory rises again: so they are read at each new low of a fall, and the last reading of a fall is the one that stays.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type MappingGroup, type MappingKind, mappingGroups } from '../analyze/mapping-groups.js';
import { readGuardedFile } from '../engine/guarded-file.js';
import { MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { readStatm } from '../procfs/read.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { type MappingSeries, sumOfPart } from './growth-series.js';

/** Reads of mappings that did not answer in time, of a process that is busy with them itself. */
const MOST_TRIES = 40;
const TRY_AGAIN_MS = 50;
/** What counts as a fall, and by how much lower it must be to read the mappings again. */
const LEAST_FALL_BYTES = 2 ** 20;
const LEAST_FALL_SHARE = 0.02;
const LOWER_BYTES = 2 ** 18;

interface Reading {
  readonly calls: number;
  readonly groups: ReadonlyMap<string, MappingGroup>;
}

export class GrowthWatch {
  /** Of each look: how many calls had been made, and resident bytes. */
  readonly calls: number[] = [];
  readonly resident: number[] = [];
  readonly #readings: Reading[] = [];
  #high = 0;
  /** At the last reading of the fall that goes on. */
  #low = Number.POSITIVE_INFINITY;
  #table = new MappingTable(1024);

  constructor(private readonly pid: number) {}

  /** Throws when the process has ended. */
  look(calls: number): void {
    const now = residentOf(this.pid);
    this.calls.push(calls);
    this.resident.push(now);
    this.#high = Math.max(this.#high, now);
    const least = Math.max(LEAST_FALL_BYTES, this.#high * LEAST_FALL_SHARE);
    if (now > this.#low + least) {
      this.#high = now;
      this.#low = Number.POSITIVE_INFINITY;
    }
    if (this.#high - now < least || now > this.#low - LOWER_BYTES) return;
    const isSameFall = this.#low !== Number.POSITIVE_INFINITY;
    if (!this.#tryRead(calls, isSameFall)) return;
    this.#low = now;
  }

  /** Looks and reads the mappings, whatever memory does. Rejects when the process has ended or does not answer. */
  async read(calls: number): Promise<void> {
    for (let attempt = 1; !this.#tryRead(calls, false); attempt++) {
      if (attempt === MOST_TRIES) throw new Error(`Cannot measure process ${this.pid}: its smaps does not answer`);
      await pause(TRY_AGAIN_MS);
    }
    this.look(calls);
  }

  /** What the process was made of at the readings nearest to these numbers of calls. */
  mappingsAt(calls: readonly number[]): MappingSeries {
    const lines = new Map<string, { mapping: MappingKind; bytes: Float64Array }>();
    calls.forEach((at, place) => {
      for (const [key, { mapping, bytes }] of this.#nearest(at)) {
        const line = lines.get(key) ?? { mapping, bytes: new Float64Array(calls.length) };
        line.bytes[place] = bytes;
        lines.set(key, line);
      }
    });
    const mappings = [...lines.values()];
    return { mappings, part: (part) => sumOfPart(part, mappings, calls.length) };
  }

  #nearest(calls: number): ReadonlyMap<string, MappingGroup> {
    const nearest = this.#readings.reduce<Reading | undefined>(
      (best, one) => (best && Math.abs(best.calls - calls) <= Math.abs(one.calls - calls) ? best : one),
      undefined,
    );
    return nearest?.groups ?? new Map();
  }

  /** False when it did not answer in time. */
  #tryRead(calls: number, isAgain: boolean): boolean {
    try {
      const { bytes, length } = pad(readGuardedFile(`/proc/${this.pid}/smaps`));
      if (length === 0) throw gone(this.pid, 'it has ended');
      this.#table = tokenizeGrowing(tokenizeSmaps, bytes, length, this.#table);
      if (isAgain) this.#readings.pop();
      this.#readings.push({ calls, groups: mappingGroups(this.#table, bytes) });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ETIMEDOUT') return false;
      throw error;
    }
  }
}

function residentOf(pid: number): number {
  const statm = readStatm(pid);
  if (statm.status === 'ok') return Number(statm.value.resident);
  throw gone(pid, statm.reason);
}

function gone(pid: number, why: string | undefined): Error {
  return Object.assign(new Error(`Cannot measure process ${pid}: ${why}`), { code: 'target-not-found' });
}
