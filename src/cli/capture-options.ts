/** The options of `tidemark agent` that say when the last minutes are kept. */
import { Option } from 'commander';
import { parseTrigger } from '../agent/capture-triggers.js';
import { InputError } from '../text/input-error.js';
import { parseSize } from '../text/size.js';
import { splitWords } from '../text/split-words.js';
import { parsePositiveDuration } from './option-values.js';
import { valueOption } from './options.js';
import { readValue } from './read-value.js';

const MINUTE_NS = 60_000_000_000n;
const MOST_NS = 24n * 60n * MINUTE_NS;

export function captureOptions(): Option[] {
  return [
    new Option(
      '--capture-on <what>',
      'keep the last minutes at oom, pressure>10% or a rule: rss>2GiB|limit>90%; may be repeated',
    )
      .argParser((text: string, before: string[] = []) => {
        readValue('--capture-on', text, parseTrigger);
        return [...before, text];
      })
      .default([], 'none'),
    valueOption('--capture-last <time>', 'how far back a capture reaches', wholeSeconds).default(
      10n * MINUTE_NS,
      '10m',
    ),
    valueOption('--capture-every <time>', 'the same reason makes no other for so long', wholeSeconds).default(
      10n * MINUTE_NS,
      '10m',
    ),
    valueOption('--captures-size <size>', 'most bytes of all captures', parseSize).default(parseSize('1G'), '1G'),
    valueOption('--upload <command>', 'run with each capture, {file} replaced; no shell', splitWords),
  ];
}

function wholeSeconds(text: string): bigint {
  const ns = parsePositiveDuration(text);
  if (ns <= MOST_NS && ns % 1_000_000_000n === 0n) return ns;
  throw new InputError(text, 'a time', 'whole seconds up to 24h, such as 10m');
}
