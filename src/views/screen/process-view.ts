/**
 * The view of one process: what it is, what its memory is for, which mappings grow and which are largest.
 *
 * The trap: on a small screen all of it does not fit, so it is a list of lines that scrolls, with what is asked for most
 * at the top; and the number of mappings that grow must not push the rest up and down, so that part has a fixed height.
 */
import { formatDurationShort } from '../../text/duration.js';
import { formatShortChange, formatShortSize } from '../../text/short-size.js';
import { compositionBar, shapeLine } from './bars.js';
import { clockTime, spanText } from './clock-time.js';
import type { MappingRow, OpenedMappings } from './opened-process.js';
import type { ScreenModel } from './screen-model.js';
import type { ScreenRow } from './screen-row.js';
import { lineOf, padTo, type Span, type Style, type StyledLine, span, widthOf } from './styled-line.js';
import type { Symbols } from './symbols.js';

const GROWING = 3;
const SIZE = 6;
const CLASS_WIDTH = 12;
/** Columns below which classes and sizes beside the resident ones are left out. */
const WIDE = 72;
const MIDDLE = 48;

/** Every line, however many fit; `row` is undefined when the process has ended. */
export function processLines(
  model: ScreenModel,
  row: ScreenRow | undefined,
  width: number,
  symbols: Symbols,
): StyledLine[] {
  const { opened } = model;
  const lines = row ? identityLines(model, row, width, symbols) : [lineOf(span('this process has ended', 'alarm'))];
  if (opened?.reason !== undefined) lines.push(lineOf(), lineOf(span(opened.reason, 'warn')));
  const mappings = opened?.mappings;
  if (!mappings) {
    if (opened?.reason === undefined) lines.push(lineOf(), lineOf(span('reading its mappings', 'dim')));
    return lines;
  }
  return [
    ...lines,
    lineOf(),
    heading('FASTEST GROWING', mappings, width),
    ...filled(mappingLines(mappings.growing.slice(0, GROWING), width, symbols), GROWING),
    lineOf(),
    ...classLines(mappings, width, symbols),
    lineOf(),
    heading('LARGEST', mappings, width),
    ...mappingLines(mappings.largest, width, symbols),
  ];
}

const label = (text: string) => span(`${text} `, 'dim');
const number = (bytes: number, style: Style = 'bold') => span((formatShortSize(bytes) || '-').padStart(5), style);
const changed = (bytes: number, width = SIZE) =>
  span(formatShortChange(bytes).padStart(width), bytes > 0 ? 'up' : bytes < 0 ? 'down' : 'dim');

function identityLines(model: ScreenModel, row: ScreenRow, width: number, symbols: Symbols): StyledLine[] {
  const { host } = model;
  const share = (name: string, value: number): Span[] => {
    if (Number.isNaN(value))
      return [label(name), span(row.denied > 0 ? 'denied' : '    -', row.denied > 0 ? 'warn' : 'dim')];
    return [label(name), number(value), span(row.isOld ? '~' : ' ', 'dim')];
  };
  const fields: Span[][] = [
    [label('RSS'), number(row.rss), span(' ')],
    share('PSS', row.pss),
    share('USS', row.uss),
    share('swap', row.swap),
    [label(spanText(row.short.overNs)), changed(row.short.value)],
    [label(spanText(row.long.overNs)), changed(row.long.value)],
    [label('peak'), number(row.peak), span(` at ${clockTime(model.peakTime(row.peakNs), host.clock)}`, 'dim')],
    [label('user'), span(row.user || '-')],
    [label('unit'), span(row.unit || '-')],
  ];
  const points = Math.max(1, Math.min(60, width));
  const bar = compositionBar(row.composition, Math.min(30, width), symbols);
  return [
    lineOf(span(`${row.pid} `, 'bold'), span(row.command)),
    ...flow(fields, width),
    lineOf(...bar, ...(width >= MIDDLE ? [span('  '), ...legend(symbols)] : [])),
    lineOf(span(row.process ? shapeLine(model.shapeOf(row.process.slot, points), symbols) : '', 'spark')),
  ];
}

/** What the parts of a bar are. */
export function legend(symbols: Symbols): Span[] {
  const words = [
    ['anon', 'anon'],
    ['file', 'file'],
    ['shmem', 'shmem'],
    ['swap', 'swap'],
  ] as const;
  return words.flatMap(([style, text]) => {
    const letter = symbols.colour && !symbols.ascii ? '' : `${style === 'swap' ? 'w' : style[0]}=`;
    return [span(`${letter}${text}`, style), span(' ')];
  });
}

/** Fields one after the other, each whole. */
function flow(fields: readonly Span[][], width: number): StyledLine[] {
  const lines: Span[][] = [[]];
  for (const field of fields) {
    const line = lines.at(-1)!;
    if (line.length > 0 && widthOf(line) + 2 + widthOf(field) > width) lines.push([...field]);
    else line.push(...(line.length > 0 ? [span('  ')] : []), ...field);
  }
  return lines.map((spans) => lineOf(...spans));
}

function classLines(mappings: OpenedMappings, width: number, symbols: Symbols): StyledLine[] {
  const isWide = width >= WIDE;
  const cells = (
    name: string,
    numbers: readonly (readonly [text: string, from: number])[],
    style: Style,
    growth: Span,
  ) => {
    const shown = numbers.filter(([, from]) => width >= from).map(([text]) => text.padStart(SIZE + 1));
    return lineOf(
      span(padTo(name, isWide ? 14 : 12, 'left', symbols.ellipsis), style),
      span(shown.join(''), style),
      growth,
    );
  };
  const sizes = (sums: OpenedMappings['total']): (readonly [string, number])[] => [
    [formatShortSize(sums.size) || '-', WIDE],
    [formatShortSize(sums.rss) || '-', 0],
    [formatShortSize(sums.pss) || '-', MIDDLE],
    [formatShortSize(sums.dirty) || '-', WIDE],
    [formatShortSize(sums.swap) || '-', WIDE],
    [String(sums.count), MIDDLE],
  ];
  const heads: (readonly [string, number])[] = [
    ['SIZE', WIDE],
    ['RSS', 0],
    ['PSS', MIDDLE],
    ['DIRTY', WIDE],
    ['SWAP', WIDE],
    ['COUNT', MIDDLE],
  ];
  const since = `+${spanText(mappings.overNs)}`;
  const byRss = [...mappings.classes].sort((a, b) => (b.sums.rss || 0) - (a.sums.rss || 0));
  return [
    cells('CLASS', heads, 'head', span(since.padStart(SIZE + 1), 'head')),
    ...byRss.map(({ name, sums, growth }) => cells(name, sizes(sums), 'plain', changed(growth, SIZE + 1))),
    cells('total', sizes(mappings.total), 'bold', changed(mappings.totalGrowth, SIZE + 1)),
    lineOf(span(`read ${spanText(mappings.ageNs)} ago, held it ${formatDurationShort(mappings.holdNs)}`, 'dim')),
  ];
}

function mappingLines(rows: readonly MappingRow[], width: number, symbols: Symbols): StyledLine[] {
  return rows.map(({ name, permissions, mappingClass, start, size, rss, pss, growth }) => {
    const sizes = [size, rss, pss].map((bytes) => (formatShortSize(bytes) || '-').padStart(SIZE));
    const spans =
      width >= WIDE
        ? [
            span(sizes.join(' ')),
            changed(growth, SIZE + 1),
            span(` ${permissions} ${padTo(mappingClass, CLASS_WIDTH, 'left', symbols.ellipsis)} `, 'dim'),
          ]
        : [span(sizes[1]!), changed(growth, SIZE + 1), span(' ')];
    return lineOf(
      ...spans,
      span(name === '' ? `[anonymous ${start.toString(16)}]` : name, name === '' ? 'dim' : 'plain'),
    );
  });
}

function heading(title: string, { overNs }: OpenedMappings, width: number): StyledLine {
  const since = `+${spanText(overNs)}`.padStart(SIZE + 1);
  const sizes = (width >= WIDE ? ['SIZE', 'RSS', 'PSS'] : ['RSS']).map((name) => name.padStart(SIZE)).join(' ');
  const rest = width >= WIDE ? ` PERM ${'CLASS'.padEnd(CLASS_WIDTH)} ` : ' ';
  return lineOf(span(`${sizes}${since}${rest}${title}`, 'head'));
}

function filled(lines: readonly StyledLine[], height: number): StyledLine[] {
  return [...lines, ...Array.from({ length: Math.max(0, height - lines.length) }, () => lineOf(span('-', 'dim')))];
}
