/** The sections of `tidemark why` on a terminal and as Markdown. */
import type { Why } from '../analyze/why.js';
import { displayWidth, fitWidth } from '../text/display-width.js';
import { escapeMarkdown, escapeTerminal } from '../text/escape.js';
import { formatTable } from '../text/table.js';
import { wrapText } from '../text/wrap.js';
import { headline, type Section, type SectionColumn, whySections } from './why-sections.js';

const INDENT = '  ';
const LEAST_WIDTH = 40;
/** Names are cut at it where a sentence would take a screen. */
const LONGEST_SENTENCE = 320;
const [LEAST_NAME, LONGEST_NAME] = [16, 36];
const LEAST_FLEXIBLE = 26;
const GAP = 2;

/** Lines of at most `width` columns. */
export function whyLines(why: Why, width = 80): string[] {
  const inner = Math.max(LEAST_WIDTH, width) - INDENT.length;
  const sentences = (texts: readonly string[] = []) => texts.flatMap((text) => sentenceLines(text, inner));
  const sections = whySections(why).map(({ title, lines, table, notes }) => [
    '',
    title,
    ...sentences(lines),
    ...(table ? tableLines(table, inner) : []),
    ...sentences(notes),
  ]);
  const head = wrapText(fitWidth(escapeTerminal(headline(why)), LONGEST_SENTENCE, '\u2026'), inner + INDENT.length);
  return [...head, ...sections.flat()];
}

function sentenceLines(text: string, width: number): string[] {
  const shown = fitWidth(escapeTerminal(text), LONGEST_SENTENCE, '\u2026');
  return wrapText(shown, width - INDENT.length).map(
    (line, index) => `${INDENT}${index > 0 ? INDENT : ''}${fitWidth(line, width - INDENT.length, '\u2026')}`,
  );
}

/** Long names give way first, then the flexible column; what is still too long is cut, since half a line reads as another row. */
function tableLines({ columns, rows }: NonNullable<Section['table']>, width: number): string[] {
  const most = longestName(columns, rows, width);
  const shown = rows.map((row) => row.map((cell, index) => (columns[index]!.isName ? endOf(cell, most) : cell)));
  const lines = formatTable(columns, shown, { maxWidth: width, gap: GAP });
  return lines.map((line) => `${INDENT}${displayWidth(line) > width ? fitWidth(line, width, '\u2026') : line}`);
}

function longestName(columns: readonly SectionColumn[], rows: readonly (readonly string[])[], width: number): number {
  const others = columns.map(({ header, isName, flexible }, index) => {
    if (isName) return 0;
    const widest = Math.max(header.length, ...rows.map((row) => displayWidth(escapeTerminal(row[index]!))));
    return flexible ? Math.min(widest, LEAST_FLEXIBLE) : widest;
  });
  const room = width - others.reduce((sum, one) => sum + one, GAP * (columns.length - 1));
  return Math.min(LONGEST_NAME, Math.max(LEAST_NAME, room));
}

/** Names of files tell more at their end. */
function endOf(name: string, most: number): string {
  // As it is: the table escapes it, and must not do so twice.
  const characters = [...name];
  return characters.length > most ? `\u2026${characters.slice(1 - most).join('')}` : name;
}

export function whyMarkdown(why: Why): string[] {
  const sections = whySections(why).flatMap(({ title, lines = [], table, notes = [] }) => [
    '',
    `#### ${escapeMarkdown(title)}`,
    ...list(lines),
    ...(table ? ['', ...markdownTable(table)] : []),
    ...list(notes),
  ]);
  return [`### ${escapeMarkdown(headline(why))}`, ...sections];
}

function list(lines: readonly string[]): string[] {
  return lines.length > 0 ? ['', ...lines.map((line) => `- ${escapeMarkdown(line)}`)] : [];
}

function markdownTable({ columns, rows }: NonNullable<Section['table']>): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => escapeMarkdown(cell)).join(' | ')} |`;
  const rule = columns.map(({ align }) => (align === 'right' ? '--:' : '---'));
  return [line(columns.map(({ header }) => header.toLowerCase())), `| ${rule.join(' | ')} |`, ...rows.map(line)];
}
