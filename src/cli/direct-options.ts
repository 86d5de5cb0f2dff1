/** The options that direct commands share, as `options.ts` has them for the others: same names, help and refusals. */
import { ENGINE_CHOICES, type EngineChoice } from '../engine/choose.js';
import type { HostUnits } from '../schema.js';
import { UsageError } from './command-error.js';
import type { DirectOption, DirectWords } from './direct-command.js';
import { hostUnitsOf } from './host-unit-options.js';
import { oneOf, parseClockTicks, parseFolder, parsePageSize } from './option-values.js';
import { readValue } from './read-value.js';

export const DIRECT_OPTIONS = {
  procfs: { value: 'dir', help: 'procfs tree to read (default: "/proc")' },
  in: { value: 'file', help: 'captured text to read instead of a live process, - for stdin' },
  engine: {
    value: 'engine',
    words: ENGINE_CHOICES,
    help: `what reads: ${ENGINE_CHOICES.join(', ')} (default: "auto")`,
  },
  json: { help: 'print JSON' },
  'page-size': { value: 'bytes', help: 'page size of the host it comes from' },
  'clock-ticks': { value: 'n', help: 'clock ticks per second of the host it comes from' },
} as const satisfies Record<string, DirectOption>;

/** The value of an option that may be given once, parsed, or undefined. */
export function singleValue<T>(words: DirectWords, name: string, parse: (text: string) => T): T | undefined {
  const given = words.options.get(name);
  if (given === undefined) return undefined;
  if (given.length > 1) throw new UsageError(`--${name}: given ${given.length} times, and only one can count`);
  return readValue(`--${name}`, given[0], parse);
}

export function procfsOf(words: DirectWords): string {
  return singleValue(words, 'procfs', parseFolder) ?? '/proc';
}

export function engineOf(words: DirectWords): EngineChoice {
  return singleValue(words, 'engine', oneOf('an engine', ENGINE_CHOICES)) ?? 'auto';
}

/** The file of `--in`, or undefined. */
export function inputOf(words: DirectWords): string | undefined {
  return singleValue(words, 'in', (text) => text);
}

/** Whether a switch was given. */
export function hasSwitch(words: DirectWords, name: string): boolean {
  return words.options.has(name);
}

/** Units of the host whose tree or text is read; see `hostUnitsOf`. */
export function directUnitsOf(words: DirectWords): HostUnits {
  const pageSize = singleValue(words, 'page-size', parsePageSize);
  const clockTicks = singleValue(words, 'clock-ticks', parseClockTicks);
  return hostUnitsOf({
    procfs: procfsOf(words),
    ...(pageSize === undefined ? {} : { pageSize }),
    ...(clockTicks === undefined ? {} : { clockTicks }),
  });
}
