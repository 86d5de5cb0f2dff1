/**
 * The host and control groups as OpenMetrics: a family for each metric, a series for each host or group.
 *
 * The trap: the points of a series must stand together, while a recording has them sweep by sweep; so its ring is walked once
 * for every metric and as many groups as fit into memory.
 */
import type { Recording } from '../recording/recording.js';
import { findMetric } from '../schema.js';
import { escapeLabel } from '../text/escape.js';
import { headOf, samplesOf } from './openmetrics-text.js';
import { Points } from './points.js';
import type { ExportOptions } from './rows.js';
import type { Batch } from './table.js';
import { TIER_TABLES, type TierName } from './tier-names.js';
import { TierTable } from './tier-table.js';

const BATCH_ROWS = 4096;
/** Points that are held at once: 16 bytes each. */
const POINTS_AT_ONCE = 2_000_000;

/** Nothing for a tier that was not recorded. */
export function* tierLines(recording: Recording, options: ExportOptions): Generator<string> {
  const { onProgress: _, extra: __, agg: ___, ...range } = options;
  for (const tier of TIER_TABLES) {
    if (!recording.rings.some(({ name }) => name === tier)) continue;
    const sweeps = tier === 'host' ? [] : recording.groups().map((group) => group.sweeps);
    const parts = Math.max(1, Math.ceil(sweeps.reduce((sum, count) => sum + count, 0) / POINTS_AT_ONCE));
    for (const { name, type } of new TierTable(recording, tier, range).columns) {
      const metric = findMetric(name);
      if (metric?.tier !== tier || type === 'text') continue;
      let isBegun = false;
      for (let part = 0; part < parts; part++) {
        for (const [labels, points] of pointsOf(
          new TierTable(recording, tier, { ...range, metrics: [name] }),
          part,
          parts,
        )) {
          if (points.length === 0) continue;
          if (!isBegun) yield headOf(metric);
          isBegun = true;
          yield* samplesOf(metric, labels, points);
        }
      }
    }
  }
}

/** By labels: the points of one series in so many. */
function pointsOf(table: TierTable, part: number, parts: number): Map<string, Points> {
  const found = new Map<string, Points>();
  const owners = table.columns.flatMap(({ name }, place) => (LABELS[table.name].includes(name) ? [place] : []));
  const value = table.columns.length - 2;
  for (const batch of table.batches(BATCH_ROWS)) {
    for (let row = 0; row < batch.rows; row++) {
      const number = batch.columns[value]![row] as number;
      if (Number.isNaN(number) || batch.groups[row]! % parts !== part) continue;
      const labels = labelsOf(table, owners, batch, row);
      if (!found.has(labels)) found.set(labels, new Points());
      found.get(labels)!.add((batch.columns[0] as BigInt64Array)[row]!, number);
    }
  }
  return found;
}

const LABELS: Readonly<Record<TierName, readonly string[]>> = {
  host: ['host', 'boot_id'],
  cgroup: ['host', 'boot_id', 'path', 'hierarchy', 'inode'],
};

function labelsOf({ columns }: TierTable, owners: readonly number[], batch: Batch, row: number): string {
  const texts = owners.map((place) => {
    const { name, pool } = columns[place]!;
    const told = batch.columns[place]![row]!;
    const text = pool ? (pool.texts[told as number] ?? '') : String(told);
    return `${name}="${escapeLabel(name === 'path' ? pathBytes(columns, batch, row, text) : text)}"`;
  });
  return texts.join(',');
}

/** What is no text in a path is told by its bytes. */
function pathBytes(columns: TierTable['columns'], batch: Batch, row: number, path: string): Uint8Array | string {
  const place = columns.findIndex(({ name }) => name === 'pathHex');
  const hex = columns[place]?.pool?.texts[batch.columns[place]![row] as number];
  return hex === undefined ? path : Buffer.from(hex, 'hex');
}
