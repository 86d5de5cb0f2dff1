/**
 * The file of the agent's configuration: whatever is in it, all that is wrong is told with its line and in text that a
 * terminal may show, and nothing is thrown.
 */
import fc from 'fast-check';
import { readConfig } from '../../src/cli/agent-config.js';
import { agentOptions } from '../../src/cli/agent-options.js';
import { edit } from '../tokenizers/edits.js';
import type { FuzzContext, FuzzFigures } from './fuzz-target.js';
import { runProperty } from './property-run.js';

const OPTIONS = agentOptions();
const NAMES = OPTIONS.map(({ long }) => long!.slice(2));

const value = fc.oneof(
  fc.constantFrom(
    ...['127.0.0.1:0', ':9485', '[::1]:80', '[:1', '16M', '1e400M', '-1', '10m', '1h30m', '99999999999d', '1%', '300%'],
    ...['container', 'exe:^/opt/([^/]+)/', 'exe:(((', 'comm:(?<a>.)', 'full:6h,1s:3d,1m:30d', 'full', 'oom', 'rss>1G'],
    ...['pressure>10%', 'http://h/p', 'https://a:b@h/', 'http://[', '20', '1e3', '0', '', '__proto__', 'a b "c d" \'e'],
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.nat().map(String),
);
const line = fc.oneof(
  { arbitrary: fc.tuple(fc.constantFrom(...NAMES), value).map(([name, value]) => `${name} = ${value}`), weight: 6 },
  fc.constantFrom(
    '# why',
    '',
    '  ',
    'config = x',
    'help = 1',
    '= 5',
    'size',
    '\x1b[2J = 1',
    '\r',
    '__proto__ = 1',
    '\u0000',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
);
const files = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.array(edit, { maxLength: 2 }), fc.constantFrom('\n', '\r\n'))
  .map(([lines, edits, newline]) =>
    edits.reduce<Buffer>((text, change) => change(text), Buffer.from(lines.join(newline))).toString('utf8'),
  );

export function runConfigFiles(context: FuzzContext): Promise<FuzzFigures> {
  return runProperty('config', files, checkConfig, context, (text) => JSON.stringify(text));
}

export function checkConfig(text: string): void {
  const { values, lines, errors } = readConfig(text, OPTIONS);
  const count = text.split('\n').length;
  for (const sentence of errors) {
    const number = Number(/^line (\d+): ./su.exec(sentence)?.[1]);
    if (!(number >= 1 && number <= count)) throw new Error(`an error is of no line: ${JSON.stringify(sentence)}`);
    // What a terminal would obey: controls of both ranges, and the marks that turn text around.
    if (/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(sentence)) {
      throw new Error(`an error is no plain text: ${JSON.stringify(sentence)}`);
    }
  }
  for (const [name, at] of lines) {
    if (!NAMES.includes(name) || !(at >= 1 && at <= count)) throw new Error(`a setting is of no line: ${name}, ${at}`);
  }
  for (const name of values.keys()) {
    if (!OPTIONS.some((option) => option.attributeName() === name)) throw new Error(`there is no setting ${name}`);
  }
  if (values.size > lines.size) throw new Error('there are more values than settings');
}
