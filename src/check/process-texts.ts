/**
 * The six files of one process, read once each, and whether they belong to one instant.
 *
 * The trap: they are six reads of something alive. `statm` is read first and again behind the other files that count
 * resident memory; only when it says the same are the numbers in between compared with each other. Pss moves without
 * it, whenever someone else maps or unmaps a shared file, so an invariant that looks broken is confirmed by a second
 * `smaps` between two rollups that agree before anyone is told.
 */
import { readGuardedFile } from '../engine/guarded-file.js';
import { MappingTable, SmapsColumn, tokenizeGrowing } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { KERNEL_FILES, type KernelFile, type Reading, readKernelFile } from '../procfs/read.js';
import { tokenizeSmaps } from '../procfs/smaps.js';
import { StatmValues, tokenizeStatm } from '../procfs/statm.js';
import { StatusColumn, StatusValues, tokenizeStatus } from '../procfs/status.js';
import type { HostUnits, StatusName } from '../schema.js';
import { type BrokenInvariant, brokenInvariants, type ProcessSums } from './invariants.js';

/** The order that keeps the files which must agree close together. */
const READING_ORDER = ['statm', 'status', 'smaps_rollup', 'smaps', 'maps', 'stat'] as const satisfies KernelFile[];

/** How often a process that seems to break an invariant is read again before it counts as moving. */
const ATTEMPTS = 3;

export type ProcessTexts = Readonly<Record<KernelFile, Reading<Uint8Array>>> & {
  /** True when `statm` said the same before and after the files about resident memory. */
  readonly still: boolean;
};

/** Reads the six files of a process once each, and `statm` once more. Never throws. */
export function readProcessTexts(root: string, pid: number): ProcessTexts {
  const texts = {} as Record<KernelFile, Reading<Uint8Array>>;
  let still = false;
  for (const file of READING_ORDER) {
    texts[file] = readKernelFile(root, pid, file, readGuardedFile);
    if (file === 'smaps') still = sameText(texts.statm, readKernelFile(root, pid, 'statm'));
  }
  return { ...texts, still };
}

/** `ok` when all six could be read, else the first reason why one could not. */
export function statusOf(texts: ProcessTexts): StatusName {
  for (const file of KERNEL_FILES) if (texts[file].status !== 'ok') return texts[file].status;
  return 'ok';
}

/** Invariants that a process breaks, or `moved` when it did not hold still for long enough to tell. */
export type Judgement = 'moved' | readonly BrokenInvariant[];

/** Judges texts that were all read (`statusOf` is `ok`); a suspicion is confirmed by reading the process again. */
export function judge(root: string, pid: number, host: HostUnits, texts: ProcessTexts): Judgement {
  if (!texts.still) return 'moved';
  if (brokenInvariants(sumsOf(texts, host)).length === 0) return [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const again = readProcessTexts(root, pid);
    const after = readKernelFile(root, pid, 'smaps_rollup', readGuardedFile);
    const quiet = again.still && sameText(again.smaps_rollup, after);
    if (quiet && statusOf(again) === 'ok') return brokenInvariants(sumsOf(again, host));
  }
  return 'moved';
}

function sumsOf(texts: ProcessTexts, host: HostUnits): ProcessSums {
  const statm = padded(texts.statm);
  const pages = new StatmValues();
  const status = padded(texts.status);
  const lines = new StatusValues();
  const rollup = tableOf(texts.smaps_rollup);
  const smaps = tableOf(texts.smaps);
  tokenizeStatus(status.bytes, status.length, lines);
  return {
    resident: tokenizeStatm(statm.bytes, statm.length, pages) ? Number(pages.fields[1]) * host.pageSize : Number.NaN,
    vmRSS: lines.fields[StatusColumn.vmRSS],
    rollupRss: sumOf(rollup, SmapsColumn.rss),
    rollupPss: sumOf(rollup, SmapsColumn.pss),
    smapsRss: sumOf(smaps, SmapsColumn.rss),
    smapsPss: sumOf(smaps, SmapsColumn.pss),
    mappings: smaps.rows,
  };
}

function tableOf(reading: Reading<Uint8Array>): MappingTable {
  const { bytes, length } = padded(reading);
  return tokenizeGrowing(tokenizeSmaps, bytes, length, new MappingTable(Math.max(16, length >> 9)));
}

function sumOf(table: MappingTable, column: number): number {
  let sum = 0;
  for (let row = 0; row < table.rows; row++) sum += table.sizes[column][row];
  return sum;
}

function padded(reading: Reading<Uint8Array>): { bytes: Uint8Array; length: number } {
  return pad(reading.status === 'ok' ? reading.value : new Uint8Array(0));
}

function sameText(a: Reading<Uint8Array>, b: Reading<Uint8Array>): boolean {
  return a.status === 'ok' && b.status === 'ok' && Buffer.compare(a.value, b.value) === 0;
}
