import { expect, it } from 'vitest';
import { KeyDecoder } from './key-decoder.js';

const keysOf = (...chunks: readonly string[]) => {
  const decoder = new KeyDecoder();
  return chunks.flatMap((chunk) => decoder.decode(Buffer.from(chunk, 'latin1')));
};

it.each([
  ['letters', 'gG/?', ['g', 'G', '/', '?']],
  ['arrows', '\x1b[A\x1b[B\x1bOC\x1bOD', ['up', 'down', 'right', 'left']],
  ['pages', '\x1b[5~\x1b[6~\x1b[1~\x1b[4~\x1b[H\x1b[F', ['pageup', 'pagedown', 'home', 'end', 'home', 'end']],
  ['arrows with a modifier', '\x1b[1;5A', ['up']],
  ['controls', '\r\n\x7f\x03\x1a\x0c', ['enter', 'enter', 'backspace', 'ctrl-c', 'ctrl-z', 'ctrl-l']],
  ['F1', '\x1bOP\x1b[11~', ['f1', 'f1']],
  ['what is not known', '\x1b[?1;2c\x1b[200~x\x00', ['x']],
])('knows %s', (_name, bytes, keys) => {
  expect(keysOf(bytes)).toEqual(keys);
});

it('knows characters of several bytes', () => {
  expect(new KeyDecoder().decode(Buffer.from('é日'))).toEqual(['é', '日']);
});

it('waits for the rest of a key', () => {
  expect(keysOf('\x1b', '[', '1;', '5', 'A', 'q')).toEqual(['up', 'q']);
  expect(keysOf('\xc3', '\xa9')).toEqual(['é']);
});

it('takes an Escape for one when nothing follows, or what follows belongs to no key', () => {
  const decoder = new KeyDecoder();
  expect(decoder.decode(Buffer.from('\x1b'))).toEqual([]);
  expect(decoder.isWaiting).toBe(true);
  expect(decoder.flush()).toEqual(['escape']);
  expect(decoder.isWaiting).toBe(false);
  expect(keysOf('\x1bq')).toEqual(['escape', 'q']);
});
