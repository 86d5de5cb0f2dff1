/**
 * Where the two readers of the `stat` of many processes differ on a text: the addon's rows and the span of TypeScript.
 *
 * The trap: rows lie one behind another without padding, so each is read with others before and behind it.
 */
import { nativeBinding } from '../../src/engine/native-binding.js';
import { STAT_FIELDS } from '../../src/procfs/stat.js';
import { type StatFieldName, StatSpan } from '../../src/procfs/stat-span.js';

const NUMBERS = STAT_FIELDS.map((name, field) => [name, field] as const).filter(
  ([name]) => name !== 'pid' && name !== 'comm' && name !== 'state',
);
const WORDS = 4;
const BEFORE = Buffer.from('7 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\n');

export function statRowDifference(text: Uint8Array, behind: Uint8Array): string | undefined {
  const binding = nativeBinding();
  if (binding.state === 'absent') throw new Error(`This needs the addon: ${binding.reason}`);
  const bytes = Buffer.concat([BEFORE, text, behind]);
  const start = BEFORE.length;
  const numbers = new Float64Array(STAT_FIELDS.length).fill(-7);
  const words = new Uint32Array(WORDS).fill(0x5a5a5a5a);
  const [starts, lengths] = [Uint32Array.of(start), Int32Array.of(text.length)];
  binding.addon.tokenizeStatRows(bytes, starts, lengths, 0, 1, 1, numbers, words);
  const span = new StatSpan();
  const isRead = text.length > 0 && span.read(bytes, start, start + text.length);
  if (isRead !== words[0]! > 0) return `one refuses, TypeScript ${isRead}`;
  if (!isRead) return undefined;
  const pairs: [string, number, number][] = [
    ['count', span.count, words[0]!],
    ['state', span.state, words[1]!],
    ['comm start', span.commStart, words[2]!],
    ['comm end', span.commEnd, words[3]!],
    ...NUMBERS.map(([name, field]): [string, number, number] => [
      name,
      span.number(name as StatFieldName),
      numbers[field]!,
    ]),
  ];
  const different = pairs.find(([, ours, theirs]) => ours !== theirs);
  return different && `${different[0]}: TypeScript ${different[1]}, native ${different[2]}`;
}
