/**
 * The memory of a host as a table: the balance, what changed of it, and what the kernel tells beside it.
 *
 * The traps: a part that no counter tells alone carries `~`, so that nobody takes it for measured; and the rest is shown also
 * where it is negative, since hiding it would hide that something was counted twice.
 */
import { type Balance, type BalancePart, type HostValues, shareOf } from '../analyze/balance.js';
import { HOST_COLUMNS } from '../schema.js';
import { formatShortChange, formatShortSize } from '../text/short-size.js';
import { sparkline } from '../text/sparkline.js';
import { formatTable, type TableColumn } from '../text/table.js';

export interface HostReport {
  readonly balance: Balance;
  readonly values: HostValues;
  /** An earlier instant, to tell what changed since. */
  readonly before?: { readonly balance: Balance; readonly values: HostValues; readonly seconds: number };
  /** Each part over the time between the two, by its name; NaN where nothing was measured. */
  readonly courses?: ReadonlyMap<string, ArrayLike<number>>;
}

export interface HostLayout {
  /** Columns of the terminal; without limit if not given. */
  readonly width?: number;
  readonly ascii?: boolean;
}

/** Columns below which the fields of the kernel, and then the courses, are left out. */
const WIDTH_FOR_SOURCES = 110;
const WIDTH_FOR_COURSES = 70;
const COURSE_WIDTH = 24;
const MARGIN = '  ';

/** The lines of the table. */
export function hostLines(report: HostReport, layout: HostLayout = {}): string[] {
  const { balance, before, courses } = report;
  const width = layout.width ?? Number.POSITIVE_INFINITY;
  const hasCourses = courses !== undefined && width >= WIDTH_FOR_COURSES;
  const hasSources = width >= WIDTH_FOR_SOURCES;
  const right = { align: 'right' as const };
  const columns: TableColumn[] = [
    { header: 'MEMORY' },
    { header: 'SIZE', ...right },
    { header: '%', ...right },
    ...(before ? [{ header: 'CHANGE', ...right }] : []),
    ...(hasCourses ? [{ header: 'COURSE' }] : []),
    ...(hasSources ? [{ header: 'SOURCE', flexible: true }] : []),
  ];
  const earlier = new Map(before?.balance.parts.map((part) => [part.name as string, part.bytes]));
  const row = (name: string, label: string, bytes: number, source: string, sign: string, then: number) => [
    label,
    Number.isNaN(bytes) ? '-' : `${sign}${formatShortSize(bytes)}`,
    Number.isNaN(bytes) ? '' : (shareOf(bytes, balance) * 100).toFixed(1),
    ...(before ? [Number.isNaN(bytes - then) ? '' : formatShortChange(bytes - then)] : []),
    ...(hasCourses ? [courseOf(courses?.get(name), layout.ascii)] : []),
    ...(hasSources ? [source] : []),
  ];
  const rows = [
    row('total', 'total', balance.total, 'MemTotal', '', before?.balance.total ?? Number.NaN),
    ...balance.parts.map((part) =>
      row(
        part.name,
        `${MARGIN}${part.label}`,
        part.bytes,
        part.source,
        isEstimated(part) ? '~' : '',
        earlier.get(part.name) ?? Number.NaN,
      ),
    ),
  ];
  const maxWidth = Number.isFinite(width) ? { maxWidth: width } : {};
  const ascii = layout.ascii ? { ascii: true } : {};
  return [...formatTable(columns, rows, { gap: 2, ...maxWidth, ...ascii }), '', ...factLines(report)];
}

/** The shape of `host --json`: bytes; null where it was not measured. */
export function hostJson({ balance, values, before }: HostReport): Record<string, unknown> {
  const earlier = new Map(before?.balance.parts.map((part) => [part.name, part.bytes]));
  return {
    total: balance.total,
    parts: balance.parts.map((part) => ({
      name: part.name,
      bytes: orNull(part.bytes),
      share: orNull(shareOf(part.bytes, balance)),
      ...(isEstimated(part) ? { estimated: true, low: orNull(part.low), high: orNull(part.high) } : {}),
      ...(before ? { change: orNull(part.bytes - (earlier.get(part.name) ?? Number.NaN)) } : {}),
      source: part.source,
    })),
    ...(before ? { sinceSeconds: before.seconds } : {}),
    values: Object.fromEntries(HOST_COLUMNS.map((name) => [name, orNull(values(name))])),
  };
}

function isEstimated({ bytes, low, high }: BalancePart): boolean {
  return low < bytes || high > bytes;
}

function courseOf(course: ArrayLike<number> | undefined, ascii: boolean | undefined): string {
  if (course === undefined || !Array.prototype.some.call(course, Number.isFinite)) return '';
  return sparkline(course, COURSE_WIDTH, ascii ? { ascii: true } : {});
}

/** What is no part of the sum. What the kernel does not tell is left out. */
function factLines({ values, before }: HostReport): string[] {
  const size = (name: Parameters<HostValues>[0]) => formatShortSize(values(name)) || '-';
  const lines = [
    `available ${size('hostMemAvailable')}, dirty ${size('hostDirty')}, being written ${size('hostWriteback')}, locked ${size('hostMlocked')}`,
    swapLine(values, size),
    `promised ${size('hostCommitted')}, limit where overcommit is forbidden ${size('hostCommitLimit')}`,
    marksLine(values, size),
    pressureLine(values),
    before ? eventsLine(values, before.values, before.seconds) : killsLine(values),
  ];
  return lines.filter((line) => line !== undefined);
}

function swapLine(values: HostValues, size: (name: Parameters<HostValues>[0]) => string): string | undefined {
  const total = values('hostSwapTotal');
  if (Number.isNaN(total)) return undefined;
  if (total === 0) return 'swap none';
  const used = formatShortSize(total - values('hostSwapFree')) || '-';
  const stored = values('hostZramStored');
  const zram = stored > 0 ? `; in zram ${size('hostZramStored')}, which takes ${size('hostZramUsed')}` : '';
  return `swap ${used} of ${size('hostSwapTotal')}${zram}`;
}

function marksLine(values: HostValues, size: (name: Parameters<HostValues>[0]) => string): string | undefined {
  if (Number.isNaN(values('hostZoneLow'))) return undefined;
  return `taken back from ${size('hostZoneLow')} of free memory on, by whoever asks below ${size('hostZoneMin')}`;
}

function pressureLine(values: HostValues): string | undefined {
  const some = values('hostMemorySome10');
  if (Number.isNaN(some)) return undefined;
  const full = values('hostMemoryFull10');
  const all = Number.isNaN(full) ? '' : `, all of them ${full.toFixed(2)} %`;
  return `pressure of the last 10 s: some waited for memory ${some.toFixed(2)} %${all}`;
}

function killsLine(values: HostValues): string | undefined {
  const kills = values('hostOomKills');
  return Number.isNaN(kills) ? undefined : `killed for want of memory since boot ${kills}`;
}

/** What happened between the two readings. A counter that went back belongs to another boot. */
function eventsLine(now: HostValues, before: HostValues, seconds: number): string | undefined {
  const parts = EVENTS.flatMap(([name, text]) => {
    const count = now(name) - before(name);
    return count >= 0 ? [`${text} ${count}`] : [];
  });
  const stalled = now('hostMemorySome') - before('hostMemorySome');
  if (stalled >= 0) parts.push(`some waited for memory ${(stalled / 1e9).toFixed(2)} s`);
  return parts.length === 0 ? undefined : `in ${seconds.toFixed(seconds < 10 ? 1 : 0)} s: ${parts.join(', ')}`;
}

const EVENTS = [
  ['hostOomKills', 'killed for want of memory'],
  ['hostAllocStalls', 'had to take back themselves'],
  ['hostSwappedOut', 'pages swapped out'],
  ['hostSwappedIn', 'in'],
  ['hostMajorFaults', 'major faults'],
] as const;

/** For JSON: what was not measured is null. */
export function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
