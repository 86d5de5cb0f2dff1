/**
 * What the command line and the file of the agent say together, and what can be done with it while it runs.
 *
 * The trap: the file is read again while the agent runs, so nothing of an earlier reading may stay: a setting that is no longer
 * in it is its default again, and what is on the command line goes before it each time.
 */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { escapeTerminal } from '../text/escape.js';
import { readConfig } from './agent-config.js';
import type { AgentSettings } from './agent-options.js';
import { readSecrets } from './agent-secrets.js';
import { CommandError, exitCodeOf, reasonOf, UsageError } from './command-error.js';

export interface AgentSetUp extends Omit<ReturnType<typeof readSecrets>, 'errors'> {
  readonly settings: AgentSettings;
}

/** Throws all that is wrong in one error, a line each. */
export function readSetUp(command: Command, config: string | undefined): AgentSetUp {
  const errors: string[] = [];
  const file = config === undefined ? undefined : readConfig(readFile(config), command.options);
  if (file) errors.push(...file.errors.map((sentence) => `${escapeTerminal(config!)}: ${sentence}`));
  const settings = Object.fromEntries(
    command.options.flatMap((option) => {
      const name = option.attributeName();
      const isTyped = command.getOptionValueSource(name) === 'cli';
      const value = isTyped ? command.getOptionValue(name) : (file?.values.get(name) ?? option.defaultValue);
      return value === undefined ? [] : [[name, value]];
    }),
  ) as unknown as AgentSettings;
  const { errors: wrong, ...read } = readSecrets(settings);
  errors.push(...wrong.map((sentence) => withLine(sentence, config, file?.lines)));
  if (errors.length > 0) throw new UsageError(errors.join('\n'));
  return { settings, ...read };
}

/** Settings that differ, by their names in the file, and of these the ones that only a new recording can have. */
export function differences(
  before: AgentSettings,
  after: AgentSettings,
): { readonly changed: string[]; readonly fixed: string[] } {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])] as (keyof AgentSettings)[];
  const all = names.filter((name) => textOf(before[name]) !== textOf(after[name]));
  const isFixed = (name: keyof AgentSettings) => FIXED.includes(name);
  return {
    changed: all
      .filter((name) => !isFixed(name))
      .map(nameInFile)
      .sort(),
    fixed: all.filter(isFixed).map(nameInFile).sort(),
  };
}

/** The recording is begun with these. */
const FIXED: readonly (keyof AgentSettings)[] = ['ring', 'size', 'budget', 'hz', 'keep', 'cmdline', 'procfs', 'engine'];

function nameInFile(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function textOf(value: unknown): string {
  if (value instanceof URL) return value.href;
  // A way to group is known by what was asked for.
  if (typeof value === 'object' && value !== null && 'text' in value) return String(value.text);
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? '');
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`--config: cannot read ${escapeTerminal(file)}: ${reasonOf(error)}`, exitCodeOf(error));
  }
}

/** Where the file has the option that a sentence begins with, the sentence says on which line. */
function withLine(
  sentence: string,
  config: string | undefined,
  lines: ReadonlyMap<string, number> = new Map(),
): string {
  const named = sentence.slice(0, sentence.indexOf(':')).match(/--[\w-]+/g) ?? [];
  const line = named.map((option) => lines.get(option.slice(2))).find((one) => one !== undefined);
  return line === undefined ? sentence : `${escapeTerminal(config!)}: line ${line}: ${sentence}`;
}
