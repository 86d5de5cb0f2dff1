/**
 * What a file says about its rings: names, columns, shares. Written as JSON into the header, checked on both sides.
 *
 * The trap: the reader's copy comes from a file and is hostile. Sizes of later allocations follow from it, so it is
 * rebuilt field by field here and nothing else of it is used.
 */
import { CELLS_MAX, COLUMNS_MAX, RING_BLOCKS_MIN, RINGS_MAX, SCALARS_MAX, SLOTS_DEFAULT, SLOTS_MAX } from './layout.js';

/** One column; `quantum` is the step that most of its values share, e.g. 4096 for page counts in bytes. */
export interface ColumnSpec {
  name: string;
  quantum: number;
}

/**
 * One logical ring. `share` is its weight when blocks are dealt out. `rows`: `all` = each frame reads every labelled
 * slot, `list` = each frame names its slots, `none` = records only (then `columns` and `scalars` are empty).
 */
export interface RingSpec {
  name: string;
  share: number;
  rows: 'all' | 'list' | 'none';
  columns: ColumnSpec[];
  scalars: string[];
}

export interface RingTable {
  /** Slots are 0 .. maxSlots - 1. */
  maxSlots: number;
  rings: RingSpec[];
}

/** Rebuilds a ring table from untrusted JSON; throws a `TypeError` that names the field and what is allowed. */
export function checkRingTable(source: unknown): RingTable {
  const table = record(source, 'ring table');
  const maxSlots = integer(table.maxSlots ?? SLOTS_DEFAULT, 'maxSlots', 1, SLOTS_MAX);
  const rings = list(table.rings, 'rings', 1, RINGS_MAX).map((ring, index) => checkRing(ring, index, maxSlots));
  if (new Set(rings.map((ring) => ring.name)).size !== rings.length) throw new TypeError('Two rings share a name');
  return { maxSlots, rings };
}

function checkRing(source: unknown, index: number, maxSlots: number): RingSpec {
  const where = `rings[${index}]`;
  const ring = record(source, where);
  const name = text(ring.name, `${where}.name`);
  const share = positive(ring.share, `${where}.share`);
  const { rows } = ring;
  if (rows !== 'all' && rows !== 'list' && rows !== 'none') {
    throw new TypeError(`Expected ${where}.rows to be "all", "list" or "none"`);
  }
  const least = rows === 'none' ? 0 : 1;
  const columns = list(ring.columns, `${where}.columns`, least, rows === 'none' ? 0 : COLUMNS_MAX).map((column, at) => {
    const fields = record(column, `${where}.columns[${at}]`);
    return {
      name: text(fields.name, `${where}.columns[${at}].name`),
      quantum: positive(fields.quantum, `${where}.columns[${at}].quantum`),
    };
  });
  const scalars = list(ring.scalars, `${where}.scalars`, 0, rows === 'none' ? 0 : SCALARS_MAX).map((scalar, at) =>
    text(scalar, `${where}.scalars[${at}]`),
  );
  if (columns.length * maxSlots > CELLS_MAX) {
    throw new TypeError(`Expected ${where} to have at most ${CELLS_MAX} cells (columns x maxSlots)`);
  }
  return { name, share, rows, columns, scalars };
}

/**
 * Deals `blockCount` blocks out by share: each ring gets at least 2, the sum never exceeds `blockCount`.
 * Throws a `RangeError` if there are not even 2 for each.
 */
export function dealBlocks(rings: readonly RingSpec[], blockCount: number): number[] {
  const least = RING_BLOCKS_MIN * rings.length;
  if (blockCount < least) {
    throw new RangeError(`Expected room for at least ${least} blocks (2 for each ring), found ${blockCount}`);
  }
  const spare = blockCount - least;
  const shares = rings.reduce((sum, ring) => sum + ring.share, 0);
  const quotas = rings.map((ring) => RING_BLOCKS_MIN + Math.floor((spare * ring.share) / shares));
  const largest = rings.reduce((best, ring, index) => (ring.share > rings[best].share ? index : best), 0);
  quotas[largest] += blockCount - quotas.reduce((sum, quota) => sum + quota, 0);
  return quotas;
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`Expected ${what} to be an object`);
  }
  return value as Record<string, unknown>;
}

function list(value: unknown, what: string, least: number, most: number): unknown[] {
  if (!Array.isArray(value) || value.length < least || value.length > most) {
    throw new TypeError(`Expected ${what} to be an array of ${least} to ${most} entries`);
  }
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw new TypeError(`Expected ${what} to be a non-empty string`);
  return value;
}

function positive(value: unknown, what: string): number {
  if (typeof value !== 'number' || !(value > 0) || value > Number.MAX_SAFE_INTEGER) {
    throw new TypeError(`Expected ${what} to be a positive number`);
  }
  return value;
}

function integer(value: unknown, what: string, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new TypeError(`Expected ${what} to be an integer from ${least} to ${most}`);
  }
  return value;
}
