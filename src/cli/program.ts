/** The command lines of all commands but the direct ones, parsed by commander. */
import { Command } from 'commander';
import { readVersion } from '../text/package.js';
import { COMMANDS, type CommandEntry } from './commands.js';
import { EXIT_CODES_TEXT } from './exit-codes.js';

/** Runs the command of the entry, or prints the help. Throws what the parser and the command throw. */
export async function runProgram(used: CommandEntry | undefined, words: readonly string[]): Promise<void> {
  const program = await programWith(used);
  if (words.length === 0) program.help({ error: true });
  await program.parseAsync(askedWords(program, words), { from: 'user' });
}

/** The parser's own `help` prints the help of the program, as after a mistake, for what it does not know, and says no word of it. */
function askedWords(program: Command, words: readonly string[]): readonly string[] {
  const [help, topic] = words;
  if (help !== 'help' || topic === undefined || COMMANDS.some(({ name }) => name === topic)) return words;
  if (['help', '--help', '-h'].includes(topic)) program.help();
  return words.slice(1);
}

/** All commands by name and summary, and only the one that is used with its options. */
async function programWith(used: CommandEntry | undefined): Promise<Command> {
  const program = new Command('tidemark')
    .description('A memory flight recorder for Linux processes')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', `\n${EXIT_CODES_TEXT}`)
    // What stands behind the command of `run` is that command's.
    .enablePositionalOptions()
    .exitOverride()
    // Errors are printed in one place, from what was thrown.
    .configureOutput({ outputError: () => {} });
  for (const entry of COMMANDS) {
    const command = program
      .command(entry.name)
      .summary(entry.summary)
      .description(sentence(entry.summary))
      .addHelpText('after', helpOfExamples(entry.examples));
    if (entry === used && 'load' in entry) (await entry.load()).configure(command);
  }
  return program;
}

function sentence(summary: string): string {
  return `${summary[0].toUpperCase()}${summary.slice(1)}.`;
}

function helpOfExamples(examples: readonly string[]): string {
  return `\n${examples.length > 1 ? 'Examples' : 'Example'}:\n${examples.map((line) => `  ${line}`).join('\n')}`;
}
