/**
 * What `tidemark why` tells, in the order in which somebody asks: how much, of what, with whom, since when, up to where, and what
 * could not be seen. Sections of sentences and tables, for a terminal and for Markdown alike.
 *
 * The trap: names of mappings, programs and groups are hostile. Here they are plain text, escaped by whoever prints them.
 */
import type { LimitLine, Why } from '../analyze/why.js';
import type { Other } from '../analyze/why-sharing.js';
import { formatDurationShort } from '../text/duration.js';
import { formatSize } from '../text/size.js';
import type { TableColumn } from '../text/table.js';
import { formatTime } from '../text/time.js';
import { growthText, interval, percent, rate, SECOND_NS, signed, sizes, untilText } from './why-words.js';

/** `isName`: on a terminal the begin of what is long gives way, since names of files tell more at their end. */
export type SectionColumn = TableColumn & { readonly isName?: true };

export interface Section {
  readonly title: string;
  /** Sentences, before the table. */
  readonly lines?: readonly string[];
  readonly table?: { readonly columns: readonly SectionColumn[]; readonly rows: readonly (readonly string[])[] };
  /** And after it. */
  readonly notes?: readonly string[];
}

const SHOWN = { classes: 8, owners: 5, objects: 5, processes: 5, mappings: 5, others: 3 };
/** Of a table whose parts are of one whole: smaller ones are told by their number. */
const LEAST_PART = 0.01;
const ALWAYS = 2;
const right = { align: 'right' as const };

/** The first line: who, how much, when. */
export function headline({ process, numbers, atNs, sinceNs, source, hasEnded }: Why): string {
  const how = source === 'live' ? 'watched for' : 'over the';
  const span = formatDurationShort(atNs - sinceNs);
  const over = source === 'live' ? `${how} ${span}` : `${how} ${span} before`;
  const end = hasEnded ? ' until it ended' : '';
  return `${process.comm} (${process.pid}): ${formatSize(numbers.rss)} resident at ${formatTime(atNs)}, ${over}${end}`;
}

export function whySections(why: Why): Section[] {
  return [
    memorySection(why),
    ...classSection(why),
    ...ownerSection(why),
    ...sharingSection(why),
    growthSection(why),
    limitSection(why),
    faultSection(why),
    ...unseenSection(why),
  ];
}

function memorySection({ numbers, process, shareAgeNs = 0n, isShareEstimated, atExit, atNs }: Why): Section {
  const { rss, rssAnon, rssFile, rssShmem, pss, uss, swap, swapAnon, vsize, pageTables, threads } = numbers;
  const kinds = Number.isNaN(rssFile)
    ? [`${formatSize(rssAnon)} anonymous`, `${formatSize(rss - rssAnon)} files and shmem`]
    : [`${formatSize(rssAnon)} anonymous`, `${formatSize(rssFile)} files`, `${formatSize(rssShmem)} shmem`];
  const rest = told([
    ['swapped out', Number.isNaN(swap) ? swapAnon : swap],
    ['page tables', pageTables],
    ['address space', vsize],
  ]);
  return {
    title: 'Memory',
    lines: [
      ...(process.commandLine ? [`command: ${process.commandLine}`] : []),
      ...(atExit
        ? [
            `it was exiting after that: ${formatSize(atExit.rss)} at its last tick, ${formatDurationShort(atExit.atNs - atNs)} later`,
          ]
        : []),
      Number.isNaN(rssAnon) ? `resident ${formatSize(rss)}` : `resident ${formatSize(rss)} = ${kinds.join(' + ')}`,
      ...(Number.isNaN(pss)
        ? []
        : [
            `its share (PSS) ${isShareEstimated ? 'about ' : ''}${formatSize(pss)}, of which ${formatSize(uss)} nobody else maps (USS)${shareSource(shareAgeNs, isShareEstimated)}`,
          ]),
      [...rest, ...(Number.isNaN(threads) ? [] : [`${threads} ${threads === 1 ? 'thread' : 'threads'}`])].join(', '),
    ],
  };
}

function shareSource(ageNs: bigint, isEstimated: true | undefined): string {
  return isEstimated ? `, estimated from what was read ${formatDurationShort(ageNs)} before` : readBefore(ageNs);
}

function told(values: readonly [string, number][]): string[] {
  return values.filter(([, bytes]) => !Number.isNaN(bytes)).map(([name, bytes]) => `${name} ${formatSize(bytes)}`);
}

/** Nothing where it is of the instant itself. */
function readBefore(ageNs: bigint): string {
  return ageNs > 0n ? `, read ${formatDurationShort(ageNs)} before` : '';
}

function classSection({ memory, mappingsAgeNs = 0n, source }: Why): Section[] {
  if (!memory) return [];
  const { classes, total } = memory;
  const old = source === 'recording' ? readBefore(mappingsAgeNs) : '';
  const { shown, left } = largestOf(classes, total.rss + (total.swap || 0), SHOWN.classes);
  return [
    {
      title: `By class${old}`,
      table: {
        columns: [
          { header: 'CLASS' },
          ...['RSS', 'PSS', 'SWAP', 'SHARE'].map((header) => ({ header, ...right })),
          { header: 'WHAT', flexible: true },
        ],
        rows: shown.map((one) => [one.class, ...sizes(one), percent(one.rss, total.rss), one.notes]),
      },
      ...more(left, 'with less'),
    },
  ];
}

function ownerSection({ memory }: Why): Section[] {
  if (!memory) return [];
  const { total } = memory;
  const { shown, left } = largestOf(memory.owners, total.rss + (total.swap || 0), SHOWN.owners);
  if (shown.length === 0) return [];
  return [
    {
      title: 'Anonymous memory by owner',
      table: {
        columns: [
          { header: 'OWNER' },
          ...['RSS', 'PSS', 'SWAP', 'SHARE'].map((header) => ({ header, ...right })),
          { header: 'WHY', flexible: true },
        ],
        rows: shown.map((one) => [
          one.owner,
          ...sizes(one),
          percent(one.rss, total.rss),
          one.confidence ? `${one.confidence}: ${one.why}` : 'no rule knows it',
        ]),
      },
      ...more(left, 'with less'),
    },
  ];
}

function sharingSection({ sharing }: Why): Section[] {
  if (!sharing) return [];
  const { objects, processes, countedForOthers, rss, pss } = sharing;
  const total = `${formatSize(countedForOthers)} of its ${formatSize(rss)} count for others (RSS - PSS), ${formatSize(pss)} for itself`;
  const shown = objects.filter(
    ({ shared }, index) => index < SHOWN.objects && (index < ALWAYS || shared >= LEAST_PART * rss),
  );
  if (shown.length === 0) return [{ title: 'Shared', lines: [`nothing: ${total}`] }];
  const shownProcesses = processes
    .slice(0, SHOWN.processes)
    .map((one) => `${nameOf(one)} up to ${formatSize(one.upTo)}`);
  return [
    {
      title: 'Shared',
      lines: [total],
      table: {
        columns: [
          { header: 'SHARED', ...right },
          { header: 'ITS PSS', ...right },
          { header: 'WHAT', isName: true },
          { header: 'WITH', flexible: true },
        ],
        rows: shown.map(({ shared, isBound, pss: part, name, others }) => [
          `${isBound ? '<= ' : ''}${formatSize(shared)}`,
          formatSize(part),
          name,
          withWhom(others),
        ]),
      },
      notes: [
        ...moreNotes(objects.length - shown.length, 'with less'),
        ...(shownProcesses.length > 0
          ? [`by process: ${listed(shownProcesses, processes.length - SHOWN.processes)}`]
          : []),
      ],
    },
  ];
}

/** Those that are some part of the whole, at most so many, and how many more there are. */
function largestOf<T extends { readonly rss: number; readonly swap: number }>(
  all: readonly T[],
  whole: number,
  most: number,
): { readonly shown: readonly T[]; readonly left: number } {
  const bytes = ({ rss, swap }: T) => (rss || 0) + (swap || 0);
  const there = all.filter((one) => bytes(one) > 0);
  const shown = there.filter((one, index) => index < most && (index < ALWAYS || bytes(one) >= LEAST_PART * whole));
  return { shown, left: there.length - shown.length };
}

function withWhom(others: readonly Other[]): string {
  if (others.length === 0) return 'nobody that is seen';
  return listed(others.slice(0, SHOWN.others).map(nameOf), others.length - SHOWN.others);
}

function nameOf({ comm, pid }: Other): string {
  return `${comm} ${pid}`;
}

function listed(names: readonly string[], rest: number): string {
  return `${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function growthSection({ growth, mappingGrowth, grownSince, numbers, mostSeen }: Why): Section {
  const shown = mappingGrowth.slice(0, SHOWN.mappings);
  const peak = Number.isNaN(numbers.hwm)
    ? mostSeen && `most that was seen: ${formatSize(mostSeen.rss)} at ${formatTime(mostSeen.atNs)}`
    : `peak since exec: ${formatSize(numbers.hwm)} resident, ${
        numbers.hwm > numbers.rss ? `${formatSize(numbers.hwm - numbers.rss)} more than now` : 'which is now'
      }`;
  const since = grownSince
    ? [`nine tenths of its growth came after ${formatTime(grownSince.atNs)}, when it had ${formatSize(grownSince.rss)}`]
    : [];
  return {
    title: 'Growth',
    lines: [
      growth ? `the process ${growthText(growth)}` : 'not known: it was read too rarely',
      ...since,
      ...(peak ? [peak] : []),
    ],
    ...(shown.length > 0
      ? {
          table: {
            columns: [
              { header: 'CHANGE', ...right },
              { header: 'RATE', ...right },
              { header: '95 % INTERVAL', ...right },
              { header: 'MAPPING', isName: true },
              { header: 'CLASS' },
              { header: 'OWNER', flexible: true },
            ],
            rows: shown.map((line) => [
              signed(line.last - line.first),
              rate(line.slope.value),
              interval(line),
              line.mapping!.name,
              line.mapping!.mappingClass,
              line.mapping!.owner ?? '-',
            ]),
          },
        }
      : {}),
    ...more(mappingGrowth.length - SHOWN.mappings, 'that moved less'),
  };
}

function limitSection({ limits }: Why): Section {
  if (limits.length === 0) return { title: 'Limits', lines: ['none is known'] };
  return {
    title: 'Limits, the nearest first',
    table: {
      columns: [
        { header: 'LIMIT', isName: true },
        ...['TAKEN', 'OF', 'SHARE'].map((header) => ({ header, ...right })),
        { header: 'REACHED', flexible: true },
      ],
      rows: limits.map((line) => [
        limitName(line),
        formatSize(line.used),
        formatSize(line.limit),
        percent(line.used, line.limit),
        untilText(line.until),
      ]),
    },
    notes: limits.flatMap(limitNotes),
  };
}

function limitName({ kind, path }: LimitLine): string {
  switch (kind) {
    case 'address-space':
      return 'RLIMIT_AS';
    case 'data':
      return 'RLIMIT_DATA';
    case 'group-max':
      return path!;
    case 'group-high':
      return `${path} (high)`;
    case 'host':
      return 'memory of the host';
  }
}

function limitNotes(line: LimitLine): string[] {
  const { kind, path, peak, cache, oomKills, growth, isGrowthOfProcess, usedAgeNs } = line;
  if (kind === 'host' && growth?.verdict === 'grows') {
    return [`memory of the host: ${rate(growth.slope.value)} are taken, by whomever`];
  }
  if (path === undefined || kind === 'group-high') return [];
  const facts = [
    ...(peak === undefined ? [] : [`peak ${formatSize(peak)}`]),
    ...(cache ? [`${formatSize(cache)} of it page cache, which is dropped first`] : []),
    ...(oomKills ? [`${oomKills} killed for it`] : []),
    ...(growth?.verdict === 'grows'
      ? [`grows by ${rate(growth.slope.value)}${isGrowthOfProcess ? ', as the process' : ''}`]
      : []),
    ...(usedAgeNs === undefined ? [] : [`read ${formatDurationShort(usedAgeNs)} before`]),
  ];
  return facts.length > 0 ? [`${path}: ${facts.join('; ')}`] : [];
}

function faultSection({ faults, numbers }: Why): Section {
  const { minor, major, seconds } = faults;
  if (Number.isNaN(minor)) return { title: 'Faults and swap', lines: ['faults are not known'] };
  const perSecond = (count: number) => (seconds > 0 ? ` (${(count / seconds).toFixed(1)}/s)` : '');
  const swap = Number.isNaN(numbers.swap) ? numbers.swapAnon : numbers.swap;
  const swapText = Number.isNaN(swap) ? 'what is swapped out is not known' : `${formatSize(swap)} swapped out`;
  return {
    title: 'Faults and swap',
    lines: [
      `${minor} minor${perSecond(minor)}, ${major} major${perSecond(major)}, in ${formatDurationShort(seconds * SECOND_NS)}; ${swapText}`,
    ],
  };
}

function unseenSection({ unseen, held }: Why): Section[] {
  const lines = unseen.map(({ what, why, grant }) => `${what}: ${why}${grant === undefined ? '' : `; ${grant}`}`);
  const cost = held
    ? [
        `its memory map was held for at most ${formatDurationShort(held.longestNs)}, ${held.reads === 1 ? 'once' : `${held.reads} times`}`,
      ]
    : [];
  return [
    ...(lines.length > 0 ? [{ title: 'Not seen', lines }] : []),
    ...(cost.length > 0 ? [{ title: 'Cost', lines: cost }] : []),
  ];
}

function more(count: number, what: string): { notes?: string[] } {
  const notes = moreNotes(count, what);
  return notes.length > 0 ? { notes } : {};
}

function moreNotes(count: number, what: string): string[] {
  return count > 0 ? [`and ${count} ${what}`] : [];
}
