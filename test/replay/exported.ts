/** What the export says of every process at an instant: what a replayed screen or list has to show. */
import { runTidemark } from '../tidemark-process.js';

export interface ExportedProcess {
  readonly pid: number;
  readonly comm: string;
  /** By metric: of the tick or the last that read it, and of the last deep read up to it; NaN where not measured. */
  readonly values: ReadonlyMap<string, number>;
  /** Nanoseconds since that read; NaN where there was none. */
  readonly ageNs: number;
  /** Every rss up to the instant. */
  readonly course: readonly { readonly timeNs: bigint; readonly rss: number }[];
}

/** The rows of the whole recording. */
export async function exportedRows(file: string): Promise<Record<string, string>[]> {
  const { stdout } = await runTidemark(['export', file, '--format', 'csv']);
  const [head, ...lines] = stdout.trimEnd().split('\n');
  const names = head!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((text, index) => [names[index]!, text])));
}

/** The times of its ticks, Unix nanoseconds. */
export function ticksOf(rows: readonly Record<string, string>[]): bigint[] {
  return [...new Set(rows.map(({ time_unix_ns }) => BigInt(time_unix_ns!)))];
}

/** The processes of the last tick at or before an instant, by pid. */
export function exportedAt(rows: readonly Record<string, string>[], atNs: bigint): Map<number, ExportedProcess> {
  const tick = ticksOf(rows).findLast((timeNs) => timeNs <= atNs)!;
  const found = new Map<number, ExportedProcess>();
  for (const row of rows.filter(({ time_unix_ns }) => BigInt(time_unix_ns!) === tick)) {
    if (row.counters_status === 'gone') continue;
    const own = rows.filter(
      ({ pid, start_ticks, time_unix_ns }) =>
        pid === row.pid && start_ticks === row.start_ticks && BigInt(time_unix_ns!) <= tick,
    );
    const read = own.findLast(({ rollup_status }) => rollup_status !== 'not-due');
    const values = new Map<string, number>();
    const metrics = Object.keys(row).slice(4);
    for (const name of metrics) {
      // CPU time, faults and threads are not read at every tick: those of the last that read them stand.
      const before = () => (isDeep(name) ? read?.[name] : own.findLast((one) => one[name] !== '')?.[name]);
      const text = row[name] !== '' ? row[name] : before();
      values.set(name, text === undefined || text === '' ? Number.NaN : Number(text));
    }
    const course = own.map(({ time_unix_ns, rss }) => ({ timeNs: BigInt(time_unix_ns!), rss: Number(rss || 'NaN') }));
    const ageNs = row.rollup_age_ns === '' ? Number.NaN : Number(row.rollup_age_ns);
    found.set(Number(row.pid), { pid: Number(row.pid), comm: row.comm!, values, ageNs, course });
  }
  return found;
}

const isDeep = (name: string) =>
  /^(?:pss|uss|swap|referenced|locked|anonHugePages|rollup[A-Z]|shared)/.test(name) && name !== 'swapAnon';
