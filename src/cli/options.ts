/**
 * Options that several commands share, so that one means the same, is called the same and is refused with the same
 * sentence everywhere.
 */
import { Option } from 'commander';
import { ENGINE_CHOICES, type EngineChoice } from '../engine/choose.js';
import { SWEEPING_CHOICES, type SweepingChoice } from '../engine/choose-sweeping.js';
import { oneOf, parseClockTicks, parseFolder, parsePageSize, type ValueParser } from './option-values.js';
import { readValue } from './read-value.js';

/**
 * An option with a value: `valueOption('--for <time>', 'how long', parseDuration)`. What `parse` refuses with
 * `InputError` becomes `--for: "5" is not a duration; allowed: ...` and exit code 2.
 */
export function valueOption<T>(flags: string, description: string, parse: ValueParser<T>): Option {
  const option = new Option(flags, description);
  const read = (text: string) => readValue(option.long ?? flags, text, parse);
  return option.argParser(Object.assign(read, parse.words ? { words: parse.words } : {}));
}

export interface ProcfsOption {
  procfs: string;
}

export interface EngineOption {
  engine: EngineChoice;
}

export interface SweepingEngineOption {
  engine: SweepingChoice;
}

export interface JsonOption {
  json?: true;
}

export function procfsOption(): Option {
  return valueOption('--procfs <dir>', 'procfs tree to read', parseFolder).default('/proc');
}

export function engineOption(): Option {
  const parse = oneOf('an engine', ENGINE_CHOICES);
  return valueOption('--engine <engine>', `what reads: ${ENGINE_CHOICES.join(', ')}`, parse).default('auto');
}

/** Of the commands that sweep. */
export function sweepingEngineOption(): Option {
  const parse = oneOf('an engine', SWEEPING_CHOICES);
  return valueOption('--engine <engine>', `what reads: ${SWEEPING_CHOICES.join(', ')}`, parse).default('auto');
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON');
}

export function pageSizeOption(): Option {
  return valueOption('--page-size <bytes>', 'page size of the host it comes from', parsePageSize);
}

export function clockTicksOption(): Option {
  return valueOption('--clock-ticks <n>', 'clock ticks per second of the host it comes from', parseClockTicks);
}
