/**
 * The lines of `/proc/PID/maps` chosen and put in order, each left byte for byte as the kernel wrote it.
 *
 * The trap: a name is any bytes, and runs to the end of the line with its spaces; so lines are split at newlines alone,
 * compared as numbers where they are numbers, and never decoded and encoded again.
 */
import { InputError } from '../text/input-error.js';

export const SORT_KEYS = ['start', 'end', 'size', 'name', 'perms', 'inode'] as const;
export type SortKey = (typeof SORT_KEYS)[number];

export interface MapsOrder {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** `size`, or `-size` for the largest first. */
export function parseMapsOrder(text: string): MapsOrder {
  const descending = text.startsWith('-');
  const word = descending ? text.slice(1) : text;
  const key = SORT_KEYS.find((candidate) => candidate === word);
  if (key === undefined) throw new InputError(text, 'a key', `${SORT_KEYS.join(', ')}, or -size for descending`);
  return { key, descending };
}

/** The line of one mapping, one character per byte: start, end, perms, inode, name. */
const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) +(\S+) +[0-9a-f]+ +[0-9a-f]+:[0-9a-f]+ +(\d+) *(.*)$/is;

type Sortable = bigint | string;

/**
 * The lines that `grep` matches, in that order, each with its newline. `grep` sees a line as UTF-8 text. Lines that are
 * equal by the key keep their places, and what is no mapping comes last.
 */
export function selectMapsLines(text: Uint8Array, grep: RegExp | undefined, order: MapsOrder | undefined): Uint8Array {
  const buffer = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  let lines: Buffer[] = [];
  for (let at = 0; at < buffer.length; ) {
    const newline = buffer.indexOf(10, at);
    const end = newline < 0 ? buffer.length : newline + 1;
    const line = buffer.subarray(at, end);
    if (grep === undefined || grep.test(line.toString('utf8', 0, newline < 0 ? line.length : line.length - 1))) {
      lines.push(line);
    }
    at = end;
  }
  if (order) lines = sorted(lines, order);
  return Buffer.concat(lines);
}

function sorted(lines: readonly Buffer[], { key, descending }: MapsOrder): Buffer[] {
  const mappings: { line: Buffer; by: Sortable }[] = [];
  const others: Buffer[] = [];
  for (const line of lines) {
    const match = MAPPING.exec(line.toString('latin1').replace(/\n$/, ''));
    if (match) mappings.push({ line: withNewline(line), by: sortable(match, key) });
    else others.push(line);
  }
  const sign = descending ? -1 : 1;
  mappings.sort((a, b) => (a.by < b.by ? -sign : a.by > b.by ? sign : 0));
  return [...mappings.map(({ line }) => line), ...others];
}

/** The last line of a text that was cut may come before others. */
function withNewline(line: Buffer): Buffer {
  return line.at(-1) === 10 ? line : Buffer.concat([line, Buffer.from('\n')]);
}

function sortable([, start, end, perms, inode, name]: readonly string[], key: SortKey): Sortable {
  switch (key) {
    case 'start':
      return BigInt(`0x${start}`);
    case 'end':
      return BigInt(`0x${end}`);
    case 'size':
      return BigInt(`0x${end}`) - BigInt(`0x${start}`);
    case 'inode':
      return BigInt(inode);
    case 'perms':
      return perms;
    case 'name':
      return name;
  }
}
