/**
 * Every command with its arguments and options as plain data, from the table of commands and nothing else: what shell
 * completion and the manual are made of.
 *
 * The trap: two parsers know options in two shapes, and a command that mimics procps takes letters that neither knows. So
 * what is here is what the help of the command shows.
 */
import { Command, type Option } from 'commander';
import { COMMANDS, type CommandEntry } from './commands.js';
import type { DirectCommand } from './direct-command.js';
import type { ValueParser } from './option-values.js';

/** What a shell can offer for a value or an argument. */
export type ValueKind = 'words' | 'file' | 'folder' | 'pid' | 'user' | 'group' | 'program' | 'other';

export interface LineValue {
  /** As the help calls it. */
  readonly name: string;
  readonly kind: ValueKind;
  /** Of kind `words`. */
  readonly words: readonly string[];
}

export interface LineOption {
  /** With the dash. */
  readonly short?: string;
  /** With the dashes. */
  readonly long?: string;
  readonly value?: LineValue;
  readonly help: string;
}

export interface LineArgument extends LineValue {
  readonly isVariadic: boolean;
  readonly help: string;
}

export interface CommandLine {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly string[];
  /** Without the program and the name. */
  readonly usage: string;
  readonly options: readonly LineOption[];
  readonly arguments: readonly LineArgument[];
  /** What else the help says, line by line. */
  readonly notes: readonly string[];
}

export const HELP_OPTION: LineOption = { short: '-h', long: '--help', help: 'print this help' };

/** All commands, each loaded, in the order of the table. */
export function readCommandLines(): Promise<readonly CommandLine[]> {
  return Promise.all(COMMANDS.map(readCommandLine));
}

async function readCommandLine(entry: CommandEntry): Promise<CommandLine> {
  const { name, summary, examples } = entry;
  const shape = 'load' in entry ? shapeOf(name, (await entry.load()).configure) : await directShapeOf(entry.loadDirect);
  return { name, summary, examples, ...shape, options: [...shape.options, HELP_OPTION] };
}

type Shape = Pick<CommandLine, 'usage' | 'options' | 'arguments' | 'notes'>;

function shapeOf(name: string, configure: (command: Command) => void): Shape {
  const notes: string[] = [];
  // In a program of its own, since some commands have options that need one.
  const command = new Command('tidemark').enablePositionalOptions().command(name);
  command.addHelpText = (_position, text) => {
    if (typeof text === 'string') notes.push(...text.trim().split('\n'), '');
    return command;
  };
  configure(command);
  const help = command.createHelp();
  return {
    usage: command.usage(),
    options: command.options
      .filter(({ hidden }) => !hidden)
      .map((option) => optionOf(option, help.optionDescription(option))),
    arguments: command.registeredArguments.map((argument) => ({
      ...lineValue(argument.name(), wordsOf(argument.parseArg)),
      isVariadic: argument.variadic,
      help: argument.description,
    })),
    notes: notes.slice(0, -1),
  };
}

function optionOf(option: Option, help: string): LineOption {
  const value = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1];
  return {
    ...(option.short ? { short: option.short } : {}),
    ...(option.long ? { long: option.long } : {}),
    ...(value === undefined ? {} : { value: lineValue(value, wordsOf(option.parseArg)) }),
    help,
  };
}

/** The words that what reads the value takes, when it says so; see `ValueParser`. */
function wordsOf(parse: unknown): readonly string[] {
  return (parse as Partial<ValueParser<unknown>> | undefined)?.words ?? [];
}

async function directShapeOf(load: () => Promise<{ readonly command: DirectCommand }>): Promise<Shape> {
  const { usage, options, notes = [] } = (await load()).command;
  return {
    usage,
    options: Object.entries(options).map(([name, { short, value, words = [], help }]) => ({
      ...(short === undefined ? {} : { short: `-${short}` }),
      ...(name.length === 1 ? {} : { long: `--${name}` }),
      ...(value === undefined ? {} : { value: lineValue(value, words) }),
      help,
    })),
    arguments: [...usage.matchAll(/<([\w-]+)(\.\.\.)?>/g)]
      // What stands in square brackets belongs to options.
      .filter(({ index }) => !/\[[^\]]*$/.test(usage.slice(0, index)))
      .map(([, name, dots]) => ({ ...lineValue(name, []), isVariadic: dots !== undefined, help: '' })),
    notes,
  };
}

const KINDS: ReadonlyArray<readonly [RegExp, ValueKind]> = [
  [/^(files?|before|after)$/, 'file'],
  [/^(dir|folder)$/, 'folder'],
  [/^pids?\b/, 'pid'],
  [/^user$/, 'user'],
  [/^group$/, 'group'],
  [/^command$/, 'program'],
];

function lineValue(name: string, words: readonly string[]): LineValue {
  const kind = words.length > 0 ? 'words' : (KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? 'other');
  return { name, kind, words };
}
