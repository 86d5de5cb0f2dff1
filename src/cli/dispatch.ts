/**
 * From the words of a command line to a command, and from whatever it throws to one line and an exit code.
 *
 * The traps: the parser's own exit code for a misspelt option is 1, which here means that the work failed; `| head -1`
 * closes our stdout, which is no error; and a stack trace is for us, not for whoever mistyped a duration.
 */
import type { CommanderError } from 'commander';
import { escapeTerminal } from '../text/escape.js';
import { CommandError } from './command-error.js';
import { COMMANDS, type DirectEntry } from './commands.js';
import { helpOfDirect } from './direct-command.js';
import { endAtOnce } from './end-at-once.js';
import { ExitCode, OWN_FAILURE } from './exit-codes.js';
import { guardStreams, isClosedPipe, writeStderr, writeStdout } from './standard-streams.js';

/** Runs the command that the words ask for. Never throws: failures are printed and become the exit code. */
export async function dispatch(words: readonly string[]): Promise<void> {
  const entry = COMMANDS.find(({ name }) => name === commandNameIn(words));
  const speaker = entry ? `tidemark ${entry.name}` : 'tidemark';
  const codeFor = (error: unknown) => {
    const code = report(error, speaker);
    return entry?.passesExitCode && code !== 0 && code < OWN_FAILURE ? OWN_FAILURE : code;
  };
  const isDirect = entry && 'loadDirect' in entry && (words[0] === entry.name || words[0] === 'help');
  // Streams and timers of a command can fail after its function has returned.
  process.on('uncaughtException', (error) => process.exit(isClosedPipe(error) ? undefined : codeFor(error)));
  try {
    if (isDirect) {
      await runDirect(entry, words);
    } else {
      guardStreams();
      // The parser takes longer to load than a direct command takes to answer.
      const { runProgram } = await import('./program.js');
      await runProgram(entry, words);
    }
  } catch (error) {
    process.exitCode = codeFor(error);
  }
  if (isDirect) await endAtOnce();
}

/** The word that names the command, with `help parse` for `parse --help`. */
function commandNameIn(words: readonly string[]): string | undefined {
  const names = words.filter((word) => !word.startsWith('-'));
  return names[0] === 'help' ? names[1] : names[0];
}

async function runDirect(entry: DirectEntry, words: readonly string[]): Promise<void> {
  const { command } = await entry.loadDirect();
  const rest = words[0] === entry.name ? words.slice(1) : ['--help'];
  const end = rest.indexOf('--');
  const asked = end < 0 ? rest : rest.slice(0, end);
  if (!asked.includes('--help') && !asked.includes('-h')) return command.run(rest);
  await writeStdout(helpOfDirect(entry.name, entry.summary, entry.examples, command));
}

/** Prints what was thrown and returns the exit code for it. */
function report(error: unknown, speaker: string): number {
  if (isCommanderError(error)) {
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

/** By its code, since the class lies in a module that direct commands do not load. */
function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('commander.');
}

function complain(speaker: string, sentence: string, error: unknown): void {
  writeStderr(`${speaker}: ${sentence}\n`);
  if (process.env.TIDEMARK_DEBUG === '1' && error instanceof Error) writeStderr(`${error.stack}\n`);
}
