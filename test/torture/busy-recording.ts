/**
 * A recording of everything that a ring can hold, made without a process: many laps, arrivals and departures, names that
 * change, deep reads, marks and clocks. The same seed gives the same bytes but for the file's random id.
 */

import { SharedStorage } from '../../src/ring/shared-storage.js';
import { STATUSES } from '../../src/schema.js';
import { Author, MONOTONIC, SECOND, START, someone } from '../recorder/synthetic.js';
import { Random } from './random.js';

export interface BusyRecording {
  readonly storage: SharedStorage;
  /** The same storage at an earlier instant, in the same lap as the end where the laps are long. */
  readonly older: Uint8Array;
}

export interface BusyOptions {
  readonly ticks: number;
  readonly sizeBytes: number;
  readonly close?: boolean;
}

export function busyRecording(seed: number, { ticks, sizeBytes, close = false }: BusyOptions): BusyRecording {
  const random = new Random(seed);
  const author = new Author({ sizeBytes });
  const live = new Set<number>();
  const storage = new SharedStorage(author.buffer);
  let older: Uint8Array = new Uint8Array(0);
  let pid = 100;
  for (let tick = 0; tick < ticks; tick++) {
    if (live.size < 30 || random.below(4) === 0) {
      const slot = freeSlot(live);
      author.arrive(
        slot,
        someone(
          pid++,
          Uint8Array.from({ length: 1 + random.below(15) }, () => random.below(256)),
        ),
      );
      live.add(slot);
    }
    for (const slot of live) {
      const values = { rss: 4096 * random.below(1e6), threads: 1, userTime: 1e7 * tick, minorFaults: random.below(10) };
      const status = random.below(9) === 0 ? random.below(STATUSES.length) : 0;
      if (random.below(3) > 0) author.set(slot, values, status);
    }
    const statEvery = tick % 50 < 25 ? 1 : 4;
    author.sweep({ statEvery, latenessNs: random.below(1e6), ownCpuNs: tick * 1e5 });
    if (tick % 3 === 0) {
      const slots = [...live].filter(() => random.below(2) === 0).sort((a, b) => a - b);
      author.deep(slots, { pss: 1024 * random.below(1e6), uss: random.below(1e9) });
    }
    if (tick % 7 === 0) author.writer.event(author.nowNs, { type: 'mark', name: `mark ${tick} \u{1f4cd}` });
    if (tick % 100 === 99) {
      const realNs = START + BigInt(tick) * (SECOND / 10n) - BigInt(random.below(1e9));
      author.writer.clock({ monotonicNs: author.nowNs, realNs, boottimeNs: author.nowNs - MONOTONIC });
    }
    if (live.size > 20 && random.below(5) === 0) {
      const slot = random.pick([...live]);
      author.depart(slot);
      live.delete(slot);
    }
    if (tick === Math.floor(ticks * 0.9)) older = bytesOf(storage);
  }
  if (close) author.close();
  return { storage, older };
}

export function bytesOf(storage: SharedStorage): Uint8Array {
  return new Uint8Array(storage.buffer).slice();
}

function freeSlot(live: ReadonlySet<number>): number {
  let slot = 0;
  while (live.has(slot)) slot++;
  return slot;
}
