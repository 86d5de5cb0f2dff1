import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { splitWords } from './split-words.js';

describe('words', () => {
  it.each([
    'jcmd {pid} GC.heap_dump',
    'a \'b c\'  "d e"f',
    `'it'\\''s' "a \\"b\\" \\\\ \\n \\$x"`,
    `a\\ b '' "" c'd'"e"\\f`,
    'x=1 --name={comm} a#b',
    '\t a\n b ',
    `'$HOME | > * #' "; & ( )"`,
  ])('of %j are those of a shell', (text) => {
    const { stdout } = spawnSync('/bin/sh', [
      '-c',
      `for word in ${text.replaceAll('\n', ' ')}; do printf '%s\\0' "$word"; done`,
    ]);
    expect(splitWords(text)).toEqual(stdout.toString().split('\0').slice(0, -1));
  });

  it.each([
    ['', /a program and its arguments/],
    ['  ', /a program and its arguments/],
    ["''", /a program and its arguments/],
    ["a 'b", /quotes that are closed; the ' at 3 is not/],
    ['a "b\\"', /the " at 3 is not/],
    ['a \\', /no \\ at the end/],
    ['a | b', /without an unquoted \|: no shell is run; with one, sh -c/],
    ['echo $HOME', /without an unquoted \$/],
    ['a > b', /unquoted >/],
    ['a #b', /unquoted #/],
    ['a *.c', /unquoted \*/],
  ])('are not in %j', (text, reason) => {
    expect(() => splitWords(text)).toThrow(reason);
  });
});
