/**
 * From the words of a command line to a command, and from whatever it throws to one line and an exit code.
 *
 * The traps: the parser's own exit code for a misspelt option is 1, which here means that the work failed; `| head -1`
 * closes our stdout, which is no error; and a stack trace is for us, not for whoever mistyped a duration.
 */
import { Command, CommanderError } from 'commander';
import { escapeTerminal } from '../text/escape.js';
import { readVersion } from '../text/package.js';
import { CommandError } from './command-error.js';
import { COMMANDS, type CommandEntry } from './commands.js';
import { EXIT_CODES_TEXT, ExitCode } from './exit-codes.js';

/** Runs the command that the words ask for. Never throws: failures are printed and become the exit code. */
export async function dispatch(words: readonly string[]): Promise<void> {
  const entry = COMMANDS.find(({ name }) => name === commandNameIn(words));
  const speaker = entry ? `tidemark ${entry.name}` : 'tidemark';
  // Streams and timers of a command can fail after its function has returned.
  process.on('uncaughtException', (error) => process.exit(report(error, speaker)));
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? undefined : report(error, speaker));
  });
  process.stderr.on('error', () => {});
  try {
    const program = await programWith(entry);
    if (words.length === 0) program.help({ error: true });
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    process.exitCode = report(error, speaker);
  }
}

/** The word that names the command, with `help parse` for `parse --help`. */
function commandNameIn(words: readonly string[]): string | undefined {
  const names = words.filter((word) => !word.startsWith('-'));
  return names[0] === 'help' ? names[1] : names[0];
}

/** All commands by name and summary, and only the one that is used with its options. */
async function programWith(used: CommandEntry | undefined): Promise<Command> {
  const program = new Command('tidemark')
    .description('A memory flight recorder for Linux processes')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', `\n${EXIT_CODES_TEXT}`)
    .exitOverride()
    // Errors are printed in one place, from what was thrown.
    .configureOutput({ outputError: () => {} });
  for (const entry of COMMANDS) {
    const command = program
      .command(entry.name)
      .summary(entry.summary)
      .description(sentence(entry.summary))
      .addHelpText('after', helpOfExamples(entry.examples));
    if (entry === used) (await entry.load()).configure(command);
  }
  return program;
}

function sentence(summary: string): string {
  return `${summary[0].toUpperCase()}${summary.slice(1)}.`;
}

function helpOfExamples(examples: readonly string[]): string {
  return `\n${examples.length > 1 ? 'Examples' : 'Example'}:\n${examples.map((line) => `  ${line}`).join('\n')}`;
}

/** Prints what was thrown and returns the exit code for it. */
function report(error: unknown, speaker: string): number {
  if (error instanceof CommanderError) {
    // Help and version end by throwing as well.
    if (error.exitCode === 0) return ExitCode.ok;
    if (error.code === 'commander.help') return ExitCode.usage;
    // The parser puts its suggestion on a line of its own.
    complain(speaker, escapeTerminal(error.message.replace(/^error: /, '').replace(/\n(?=\([^\n]*\)$)/, ' ')), error);
    return ExitCode.usage;
  }
  const { message } = error instanceof Error ? error : new Error(String(error));
  complain(speaker, error instanceof CommandError ? message : escapeTerminal(message), error);
  return error instanceof CommandError ? error.exitCode : ExitCode.failed;
}

function complain(speaker: string, sentence: string, error: unknown): void {
  process.stderr.write(`${speaker}: ${sentence}\n`);
  if (process.env.TIDEMARK_DEBUG === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}
