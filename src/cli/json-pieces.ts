/**
 * JSON in pieces, each small: 100,000 mappings are 80 MB of text, and one string of that would be held twice.
 *
 * The trap: JSON leaves characters that drive a terminal as they are (C1 controls, bidi overrides), and names in it are
 * hostile. They are written with JSON's own `\u` escapes, which every reader undoes.
 */

const NOT_FOR_TERMINAL = /[\x7f-\x9f\p{Zl}\p{Zp}\p{Bidi_Control}\u200b\u2060\ufeff]/gu;

/**
 * The text of `JSON.stringify(value, null, indent)` but for the escapes, one piece for each element of an array that is a
 * member of `value`, without a last newline.
 */
export function* jsonPieces(value: object, indent: number): Generator<string> {
  const [newline, colon] = indent > 0 ? ['\n', ': '] : ['', ':'];
  const [first, second] = [' '.repeat(indent), ' '.repeat(2 * indent)];
  let before = `{${newline}`;
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const head = `${before}${first}${stringify(key, 0, '')}${colon}`;
    before = `,${newline}`;
    if (!Array.isArray(member) || member.length === 0) {
      yield head + stringify(member, indent, first);
      continue;
    }
    yield `${head}[`;
    for (const [at, element] of member.entries()) {
      yield `${at > 0 ? ',' : ''}${newline}${second}${stringify(element, indent, second)}`;
    }
    yield `${newline}${first}]`;
  }
  yield before.startsWith('{') ? '{}' : `${newline}}`;
}

function stringify(value: unknown, indent: number, margin: string): string {
  // A raw newline in JSON is always layout: within a string it is escaped.
  const text = JSON.stringify(value, null, indent).replaceAll('\n', `\n${margin}`);
  return text.replace(NOT_FOR_TERMINAL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
