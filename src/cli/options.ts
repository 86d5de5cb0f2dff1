/**
 * Options that several commands share, so that one means the same, is called the same and is refused with the same
 * sentence everywhere.
 */
import { Option } from 'commander';
import { ENGINE_CHOICES, type EngineChoice } from '../engine/choose.js';
import { readHostUnits, readTreeUnits } from '../procfs/host-units.js';
import type { HostUnits } from '../schema.js';
import { escapeTerminal } from '../text/escape.js';
import { InputError } from '../text/input-error.js';
import { UsageError } from './command-error.js';
import { oneOf, parseClockTicks, parseFolder, parsePageSize } from './option-values.js';

/**
 * An option with a value: `valueOption('--for <time>', 'how long', parseDuration)`. What `parse` refuses with
 * `InputError` becomes `--for: "5" is not a duration; allowed: ...` and exit code 2.
 */
export function valueOption<T>(flags: string, description: string, parse: (text: string) => T): Option {
  const option = new Option(flags, description);
  return option.argParser((text: string) => readValue(option.long ?? flags, text, parse));
}

/** Parses a value that belongs to `name`, an option or an argument. Throws `UsageError` with that name in front. */
export function readValue<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof InputError) throw new UsageError(`${name}: ${error.message}`);
    throw error;
  }
}

export interface ProcfsOption {
  procfs: string;
}

export interface EngineOption {
  engine: EngineChoice;
}

export interface JsonOption {
  json?: true;
}

export interface HostUnitOptions {
  pageSize?: number;
  clockTicks?: number;
}

export function procfsOption(): Option {
  return valueOption('--procfs <dir>', 'procfs tree to read', parseFolder).default('/proc');
}

export function engineOption(): Option {
  const parse = oneOf('an engine', ENGINE_CHOICES);
  return valueOption('--engine <engine>', `what reads: ${ENGINE_CHOICES.join(', ')}`, parse).default('auto');
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

/**
 * The units of the host that a text or a tree comes from: what the options say, then what the tree itself tells, then
 * this host's. Throws `UsageError` for another host's tree that tells nothing, rather than guess.
 */
export function hostUnitsOf(options: HostUnitOptions & Partial<ProcfsOption>): HostUnits {
  const { pageSize, clockTicks, procfs = '/proc' } = options;
  if (pageSize !== undefined && clockTicks !== undefined) return { pageSize, clockTicksPerSecond: clockTicks };
  const known = procfs === '/proc' ? readHostUnits() : readTreeUnits(procfs);
  if (!known) {
    const tree = `"${escapeTerminal(procfs)}"`;
    throw new UsageError(`--procfs: nothing in ${tree} tells its page size; give --page-size and --clock-ticks`);
  }
  return {
    pageSize: pageSize ?? known.pageSize,
    clockTicksPerSecond: clockTicks ?? known.clockTicksPerSecond,
  };
}
