import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeCsv, escapeLabel, escapeMarkdown, escapeShell, escapeTerminal } from './escape.js';

const bytesOf = (...values: number[]) => Uint8Array.from(values);
const utf8 = (text: string) => new TextEncoder().encode(text);

/** The reader's side of the documented rule: every `\xHH` is one byte. */
function undo(text: string): Buffer {
  const parts = text.split(/(\\x[0-9A-F]{2})/);
  return Buffer.concat(
    parts.map((part, index) => (index % 2 ? Buffer.from(part.slice(2), 'hex') : Buffer.from(part, 'utf8'))),
  );
}

/** Bytes in which text, escapes, backslashes and broken sequences are all common. */
const hostileBytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.string({ unit: 'binary', maxLength: 4 }).map(utf8),
      fc.constantFrom('\\', '\\x41', '\\x', 'x1B', '\u001B[31m', '\u202E', '\n', '"', ',', "'", '=').map(utf8),
    ),
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

describe('escapeTerminal', () => {
  it.each([
    ['ESC', '\u001B[2Jx', '\\x1B[2Jx'],
    ['newline', 'a\nb', 'a\\x0Ab'],
    ['NUL', '\0', '\\x00'],
    ['DEL', '\u007F', '\\x7F'],
    ['C1 CSI', '\u009B31m', '\\xC2\\x9B31m'],
    ['right-to-left override', 'a\u202Eb', 'a\\xE2\\x80\\xAEb'],
    ['isolate', '\u2066', '\\xE2\\x81\\xA6'],
    ['right-to-left mark', '\u200F', '\\xE2\\x80\\x8F'],
    ['line separator', '\u2028', '\\xE2\\x80\\xA8'],
    ['zero width space', 'ss\u200Bhd', 'ss\\xE2\\x80\\x8Bhd'],
    ['lone surrogate', '\uD800', '\\xED\\xA0\\x80'],
    ['backslash before xHH', '\\x1B', '\\x5Cx1B'],
  ])('escapes %s', (_name, input, output) => {
    expect(escapeTerminal(input)).toBe(output);
  });

  it.each(['', 'kworker/0:1-events', 'C:\\path\\xyz', 'naïve 日本語 😀', '👩\u200D💻'])('keeps %j', (text) => {
    expect(escapeTerminal(text)).toBe(text);
    expect(escapeTerminal(utf8(text))).toBe(text);
  });

  it('escapes each byte that is not UTF-8 and keeps what is around it', () => {
    expect(escapeTerminal(bytesOf(0x61, 0xff, 0xc3, 0xa9, 0xe2, 0x82))).toBe('a\\xFFé\\xE2\\x82');
  });

  it('never lets a control or bidi character through', () => {
    fc.assert(
      fc.property(fc.oneof(hostileBytes, fc.string({ unit: 'binary' })), (input) => {
        expect(escapeTerminal(input)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
      }),
    );
  });

  it('is undone by replacing each \\xHH', () => {
    fc.assert(
      fc.property(hostileBytes, (bytes) => {
        expect(undo(escapeTerminal(bytes)).equals(bytes)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('treats a string as its UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(escapeTerminal(text)).toBe(escapeTerminal(utf8(text)));
      }),
    );
  });
});

describe('escapeCsv', () => {
  it.each([
    ['plain', 'sshd', 'sshd'],
    ['empty', '', ''],
    ['comma', 'a,b', '"a,b"'],
    ['quote', 'say "hi"', '"say ""hi"""'],
    ['newline', 'a\nb', 'a\\x0Ab'],
    ['outer space', ' a', '" a"'],
    ['formula', '=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
    ['plus', '+1', "'+1"],
    ['minus', '-1', "'-1"],
    ['at', '@SUM(1)', "'@SUM(1)"],
    ['tab', '\t=1', "'\\x09=1"],
    ['CR', '\r=1', "'\\x0D=1"],
    ['full-width equals', '\uFF1D1', "'\uFF1D1"],
    ['apostrophe', "'=1", "''=1"],
    ['a sign inside', 'a=b', 'a=b'],
  ])('%s', (_name, input, output) => {
    expect(escapeCsv(input)).toBe(output);
    expect(escapeCsv(utf8(input))).toBe(output);
  });

  it('is one field of one line that no spreadsheet runs, and gives the bytes back', () => {
    fc.assert(
      fc.property(hostileBytes, (bytes) => {
        const field = escapeCsv(bytes);
        expect(field).not.toMatch(/\p{Cc}/u);
        expect(field).toMatch(/^(?:[^",]*|"(?:[^"]|"")*")$/u);
        const value = field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field;
        expect(value).not.toMatch(/^[=+\-@]/);
        expect(undo(value.replace(/^'/, '')).equals(bytes)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('escapeShell', () => {
  it('leaves plain words alone and quotes the rest', () => {
    expect(escapeShell('./a-b_c.tide')).toBe('./a-b_c.tide');
    expect(escapeShell('')).toBe("''");
    expect(escapeShell("it's here")).toBe(`'it'\\''s here'`);
  });

  it('gives the shell back what it was given', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('a', ' ', "'", '"', '$', '`', '\\', '\n', '\x1b', 'é', '\u202e', '*', '!'),
    });
    fc.assert(
      fc.property(hostile, (text) => {
        const printed = execFileSync('bash', ['-c', `printf %s ${escapeShell(text)}`], { encoding: 'utf8' });
        expect(printed).toBe(text);
      }),
      { numRuns: 60 },
    );
  });
});

describe('escapeLabel', () => {
  it('stays between its quotes and on its line, and is given back by taking the backslashes away', () => {
    fc.assert(
      fc.property(hostileBytes, (bytes) => {
        const label = escapeLabel(bytes);
        expect(label).toMatch(/^(?:[^"\\\n]|\\["\\])*$/);
        expect(label.replace(/\\(.)/g, '$1')).toBe(escapeTerminal(bytes));
      }),
    );
    expect(escapeLabel('a"b\\c\nd')).toBe('a\\"b\\\\c\\\\x0Ad');
  });
});

describe('escapeMarkdown', () => {
  it('leaves nothing that begins markup, a cell or HTML, and is given back by taking the backslashes away', () => {
    fc.assert(
      fc.property(hostileBytes, (bytes) => {
        const text = escapeMarkdown(bytes);
        expect(text.replace(/\\(_|[^\w\s])/g, '')).not.toMatch(/[`*_{}[\]<>|#!~&@\n]/);
        expect(text.replace(/\\(_|[^\w\s])/g, '$1')).toBe(escapeTerminal(bytes));
      }),
    );
    expect(escapeMarkdown('a|b <i> `c` [d](e) *f* _g_')).toBe('a\\|b \\<i\\> \\`c\\` \\[d\\](e) \\*f\\* \\_g\\_');
    expect(escapeMarkdown('- item')).toBe('\\- item');
    expect(escapeMarkdown('12. item')).toBe('12\\. item');
    expect(escapeMarkdown('https://example.org')).toBe('https\\://example.org');
  });
});
