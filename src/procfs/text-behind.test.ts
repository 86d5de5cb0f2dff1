/**
 * What is behind a text in its buffer is of no text: buffers are read into again and again, and the end of a longer text before
 * lies behind a shorter one.
 */
import { describe, expect, it } from 'vitest';
import { fixtureText } from '../../test/tokenizers/fixtures.js';
import { MappingTable } from './mapping-table.js';
import { tokenizeMaps } from './maps.js';
import { PADDING } from './padding.js';
import { tokenizeSmaps } from './smaps.js';

const LONG = `1000-2000 r--p 00000000 00:00 0   /${'long name/'.repeat(30)}\n`;
const HEAD = '1000-2000 rw-p 00000000 00:00 0 /a\n';
const FIRST = /^.*?^VmFlags.*?\n/ms.exec(fixtureText('live/sleep/smaps'))![0];
const ODD = 'Rss:  12 kB\nPss: 7  kB\nTHPeligible:    0\nOdd:   77 kB\nVmFlags: rd wr \nLate: word\n';

type Tokenize = (bytes: Uint8Array, length: number, table: MappingTable) => void;

/** All that a table holds of its rows. */
function tableOf(tokenize: Tokenize, bytes: Uint8Array, length: number) {
  const table = new MappingTable(16);
  tokenize(bytes, length, table);
  const { rows } = table;
  const columns = [
    ...[table.start, table.end, table.offset, table.inode, table.perms, table.deviceMajor, table.deviceMinor],
    ...[table.nameStart, table.nameLength, table.flagsStart, table.flagsLength, table.otherCount, ...table.sizes],
  ];
  return { header: [...table.header], rows, columns: columns.map((column) => [...column.subarray(0, rows)]) };
}

function followedBy(text: string, length: number, behind: string): Uint8Array {
  const bytes = Buffer.alloc(length + PADDING + behind.length);
  bytes.write(text.slice(0, length), 'latin1');
  bytes.write(behind, length, 'latin1');
  return bytes;
}

const TEXTS: readonly [string, Tokenize, string][] = [
  ['maps', tokenizeMaps, fixtureText('live/sleep/maps').slice(0, 900)],
  ['maps with a long name', tokenizeMaps, LONG + LONG],
  ['smaps', tokenizeSmaps, FIRST],
  ['smaps of odd fields', tokenizeSmaps, HEAD + ODD],
  ['smaps with a long name', tokenizeSmaps, LONG + ODD],
];

describe.each(TEXTS)('%s, at each length', (_name, tokenize, text) => {
  it.each([
    ['the rest of a text before', (length: number) => text.slice(length)],
    ['digits', () => '9'.repeat(80)],
    ['blanks', () => `${' '.repeat(70)}kB\n`],
    ['an end of a line', () => '\n'],
    ['a unit', () => 'kB\n'],
    ['a unit and its blank', () => ' kB\n'],
  ])('are as with nothing behind when %s is behind', (_behind, rest) => {
    for (let length = 0; length <= text.length; length++) {
      const alone = tableOf(tokenize, followedBy(text, length, ''), length);
      const followed = tableOf(tokenize, followedBy(text, length, rest(length)), length);
      expect(followed, `of ${length} bytes`).toEqual(alone);
    }
  });
});
