/**
 * What people write to read these files in JavaScript: the whole text as a string, split into lines, a regular expression
 * per line, an object per mapping. It is the other side of the tokenizers' and the peers' benchmarks.
 *
 * It yields what our tokenizers yield: every field of every mapping, sizes in bytes. Addresses stay text.
 */

export interface RegexMapping {
  readonly start: string;
  readonly end: string;
  readonly perms: string;
  readonly offset: string;
  readonly device: string;
  readonly inode: number;
  readonly path: string;
  /** By the kernel's key, in bytes; bare numbers as they are. */
  readonly sizes: Record<string, number>;
  flags: string;
}

const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) (\S+) (\d+)\s*(.*)$/;
const FIELD = /^(\w+):\s+(\d+)( kB)?$/;
const FLAGS = /^VmFlags: (.*)$/;
const STATUS_LINE = /^(\w+):\s+(.*)$/;

/** Of `maps` and `smaps`. */
export function regexMappings(text: string): RegexMapping[] {
  const mappings: RegexMapping[] = [];
  let current: RegexMapping | undefined;
  for (const line of text.split('\n')) {
    const field = FIELD.exec(line);
    if (field && current) {
      current.sizes[field[1]!] = field[3] ? Number(field[2]) * 1024 : Number(field[2]);
      continue;
    }
    const mapping = MAPPING.exec(line);
    if (mapping) {
      const [, start, end, perms, offset, device, inode, path] = mapping as unknown as string[];
      current = {
        start: start!,
        end: end!,
        perms: perms!,
        offset: offset!,
        device: device!,
        inode: Number(inode),
        path: path!,
        sizes: {},
        flags: '',
      };
      mappings.push(current);
      continue;
    }
    const flags = FLAGS.exec(line);
    if (flags && current) current.flags = flags[1]!;
  }
  return mappings;
}

/** The numbers of `statm`, in pages. */
export function splitStatm(text: string): number[] {
  return text.split(' ').map(Number);
}

/** The words of `stat` behind the name, as numbers; the state letter is NaN. */
export function splitStat(text: string): number[] {
  return text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
}

/** The lines of `status` by key. */
export function regexStatus(text: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = STATUS_LINE.exec(line);
    if (match) fields[match[1]!] = match[2]!;
  }
  return fields;
}
