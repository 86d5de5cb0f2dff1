/**
 * From a name that somebody read somewhere to what is known of the number: ours by their own names, those of other programs by
 * what they are in ours.
 *
 * The trap: the same word is another quantity elsewhere (top's SWAP is not ours), so what is found by another program's name is
 * said to be that, and namesakes are told beside each metric.
 */
import { ALL_METRICS } from '../schema.js';
import type { Metric } from './metric.js';
import { type ForeignName, metricsIn } from './notes/foreign-name.js';
import { HOST_NAMES } from './notes/host-names.js';
import { PROCESS_NAMES } from './notes/process-names.js';
import { type Read, readOf } from './notes/reads.js';
import { TRAPS } from './notes/traps.js';

export const FOREIGN_NAMES: readonly ForeignName[] = [...PROCESS_NAMES, ...HOST_NAMES];

export interface Explanation {
  readonly metric: Metric;
  readonly read: Read;
  readonly trap?: string;
  /** What other programs call it, or make of it. */
  readonly calledElsewhere: readonly ForeignName[];
  /** What bears its name elsewhere and is something else. */
  readonly namesakes: readonly ForeignName[];
}

export interface Found {
  readonly metrics: readonly Metric[];
  /** Names of other programs that were meant, where no metric of ours has the name. */
  readonly foreign: readonly ForeignName[];
}

export function explain(metric: Metric): Explanation {
  const trap = TRAPS[metric.name];
  const calledElsewhere = FOREIGN_NAMES.filter((foreign) => refersTo(foreign, metric.name));
  const namesakes = FOREIGN_NAMES.filter(
    (foreign) => !calledElsewhere.includes(foreign) && foreign.names.some((name) => plain(name) === plain(metric.name)),
  );
  return { metric, read: readOf(metric), ...(trap ? { trap } : {}), calledElsewhere, namesakes };
}

/** The metrics of ours that a foreign name is made of, or that come near it. */
export function metricsBehind({ is, near = [] }: ForeignName): Metric[] {
  const names = is === undefined ? near : metricsIn(is);
  return ALL_METRICS.filter(({ name }) => names.includes(name));
}

/** What is called so: a metric of ours, or what another program calls so, with or without the program before it. */
export function findByName(asked: string): Found {
  const wanted = plain(asked);
  if (wanted === '') return { metrics: [], foreign: [] };
  const own = ALL_METRICS.filter((metric) => ownNames(metric).includes(wanted));
  if (own.length > 0) return { metrics: own, foreign: [] };
  // As the kernel writes it, it is the kernel's: `memory.current` is not the MemoryCurrent of systemd.
  const asWritten = ALL_METRICS.filter((metric) => fieldsOf(metric).includes(asked));
  if (asWritten.length > 0) return { metrics: asWritten, foreign: [] };
  const foreign = FOREIGN_NAMES.filter(({ tool, names }) => {
    const program = plain(tool);
    return program === wanted || names.some((name) => plain(name) === wanted || program + plain(name) === wanted);
  });
  if (foreign.length > 0) return { metrics: [], foreign };
  return { metrics: ALL_METRICS.filter((metric) => fieldsOf(metric).map(plain).includes(wanted)), foreign: [] };
}

/** Names that look like the one that was asked for, the likeliest first. */
export function namesLike(asked: string, most = 5): string[] {
  const wanted = plain(asked);
  const all = new Map<string, number>();
  const consider = (shown: string, name: string) => {
    const distance = unlikeness(wanted, plain(name));
    if (distance <= Math.max(1, wanted.length / 3)) all.set(shown, Math.min(distance, all.get(shown) ?? distance));
  };
  for (const { name } of ALL_METRICS) consider(name, name);
  for (const { tool, names } of FOREIGN_NAMES) {
    const nearest = [...names].sort((a, b) => unlikeness(wanted, plain(a)) - unlikeness(wanted, plain(b)))[0]!;
    consider(`${tool} ${nearest}`, nearest);
  }
  return [...all]
    .sort(([, a], [, b]) => a - b)
    .map(([name]) => name)
    .slice(0, most);
}

function refersTo({ is, near = [] }: ForeignName, name: string): boolean {
  return is === undefined ? near.includes(name) : metricsIn(is).includes(name);
}

/** Without what people leave out or write differently: case, spaces, dots, brackets. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9%]/g, '');
}

function ownNames({ name, otel, prometheus }: Metric): string[] {
  return [name, otel, prometheus].map(plain);
}

/** The kernel's names: `statm resident`, and `MemAvailable` of `meminfo MemAvailable`; of a sum only the whole. */
function fieldsOf({ source }: Metric): string[] {
  const parts = source.split(/; of version 1 |; /);
  return parts.flatMap((part) => (/ [-+] /.test(part) ? [part] : [part, part.slice(part.lastIndexOf(' ') + 1)]));
}

/** How little `b` is what was asked for: less than 1 where it holds `a`, else how many letters must change. */
function unlikeness(a: string, b: string): number {
  if (a === b) return 0;
  if (a.length > 2 && b.includes(a)) return b.startsWith(a) ? 0.5 : 0.9;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
