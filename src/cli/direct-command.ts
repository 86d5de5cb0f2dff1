/**
 * Commands that are typed a hundred times a day (`ps`, `pmap`): their words are parsed by Node itself, since loading a
 * command parser takes longer than procps takes for its whole answer.
 *
 * The trap: two parsers must not make two command lines. The same sentences refuse a word, and the same help is printed.
 */
import { parseArgs } from 'node:util';
import { escapeTerminal } from '../text/escape.js';
import { UsageError } from './command-error.js';
import { EXIT_CODES_TEXT } from './exit-codes.js';

/** One option by its long name; `value` is what the help calls its value, and an option without one is a switch. */
export interface DirectOption {
  readonly short?: string;
  readonly value?: string;
  /** The values that there are, where a shell can complete them. */
  readonly words?: readonly string[];
  readonly help: string;
}

export interface DirectCommand {
  /** The arguments as the help shows them: `[options] <pid...>`. */
  readonly usage: string;
  readonly options: Readonly<Record<string, DirectOption>>;
  /** More for the end of the help, such as the columns there are. */
  readonly notes?: readonly string[];
  /** Does the work for the words after the command's name. */
  run(words: readonly string[]): Promise<void>;
}

export interface DirectWords {
  /** Options by long name: every value given, in order; for a switch as many `''` as it was given times. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
}

/** Takes the words apart. Throws `UsageError` for an unknown option, or a value that is missing or too many. */
export function parseDirectWords(command: DirectCommand, words: readonly string[]): DirectWords {
  const specs: Record<string, { type: 'string' | 'boolean'; short?: string; multiple: true }> = {};
  for (const [name, { short, value }] of Object.entries(command.options)) {
    specs[name] = { type: value === undefined ? 'boolean' : 'string', multiple: true, ...(short ? { short } : {}) };
  }
  // Not strict, since its sentences are Node's own; what strict refuses is refused here.
  const { tokens } = parseArgs({ args: [...words], options: specs, strict: false, tokens: true });
  const options = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(command.options, token.name) ? command.options[token.name] : undefined;
    if (!spec)
      throw new UsageError(`unknown option '${escapeTerminal(token.rawName)}'${suggestion(command, token.name)}`);
    // `--json=` has the value '' and is refused as `--json=1` is.
    if (spec.value === undefined && token.value !== undefined) {
      throw new UsageError(`option '--${token.name}' takes no value, got "${escapeTerminal(token.value)}"`);
    }
    if (spec.value !== undefined && token.value === undefined) {
      throw new UsageError(`option '${flagsOf(token.name, spec)}' argument missing`);
    }
    const given = options.get(token.name) ?? [];
    given.push(token.value ?? '');
    options.set(token.name, given);
  }
  return { options, positionals };
}

function suggestion(command: DirectCommand, name: string): string {
  const near = Object.keys(command.options).find(
    (option) => name.length > 1 && (option.startsWith(name) || name.startsWith(option)),
  );
  return near === undefined ? '' : ` (Did you mean --${near}?)`;
}

/** The help of such a command, in the form that the other commands' help has. */
export function helpOfDirect(
  name: string,
  summary: string,
  examples: readonly string[],
  command: DirectCommand,
): string {
  const rows = Object.entries(command.options).map(([option, spec]) => [flagsOf(option, spec), spec.help]);
  rows.push(['-h, --help', 'print this help']);
  const width = Math.max(...rows.map(([flags]) => flags.length));
  return [
    `Usage: tidemark ${name} ${command.usage}`,
    '',
    `${summary[0].toUpperCase()}${summary.slice(1)}.`,
    '',
    'Options:',
    ...rows.map(([flags, help]) => `  ${flags.padEnd(width)}  ${help}`),
    ...(command.notes ? ['', ...command.notes] : []),
    '',
    examples.length > 1 ? 'Examples:' : 'Example:',
    ...examples.map((example) => `  ${example}`),
    '',
    EXIT_CODES_TEXT,
    '',
  ].join('\n');
}

/** `-x, --extended` or `--procfs <dir>`; an option of one letter has no long form. */
function flagsOf(name: string, { short, value }: DirectOption): string {
  const long = name.length === 1 ? undefined : `--${name}`;
  const flags = [short === undefined ? undefined : `-${short}`, long].filter((flag) => flag !== undefined).join(', ');
  return value === undefined ? flags : `${flags} <${value}>`;
}
