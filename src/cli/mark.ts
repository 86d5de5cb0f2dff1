/**
 * `tidemark mark NAME`: marks the recording of the `tidemark run` that this runs in, from a script in any language.
 *
 * The trap: nobody may wait for a recorder that has ended or hangs, so the answer is waited for briefly.
 */
import { escapeTerminal } from '../text/escape.js';
import { CommandError, reasonOf, UsageError } from './command-error.js';
import { type DirectCommand, parseDirectWords } from './direct-command.js';
import { hasSwitch } from './direct-options.js';

const VARIABLE = 'TIDEMARK_SOCKET';
const PATIENCE_MS = 2000;
const MOST_NAME = 1024;

export const command: DirectCommand = {
  usage: '[--begin|--end] <name>',
  options: {
    begin: { help: 'begin a span of that name' },
    end: { help: 'end it' },
  },
  notes: [
    `The recording is the one whose socket ${VARIABLE} names; 'tidemark run' sets it. Any program can do the same: connect`,
    "to it, write a line 'mark NAME', 'begin NAME' or 'end NAME', and read 'ok' or 'error SENTENCE'.",
  ],
  run: mark,
};

async function mark(given: readonly string[]): Promise<void> {
  const words = parseDirectWords(command, given);
  const [name, ...rest] = words.positionals;
  if (name === undefined || rest.length > 0) {
    throw new UsageError(
      `expected one name, got ${words.positionals.length === 0 ? 'none' : words.positionals.length}`,
    );
  }
  if (name === '' || name.length > MOST_NAME || name.includes('\n')) {
    throw new UsageError(`a name has 1 to ${MOST_NAME} characters on one line, got "${escapeTerminal(name)}"`);
  }
  const [begin, end] = [hasSwitch(words, 'begin'), hasSwitch(words, 'end')];
  if (begin && end) throw new UsageError('--begin and --end exclude each other: give one of them');
  const path = process.env[VARIABLE];
  if (!path) throw new CommandError(`${VARIABLE} is not set: nothing records what runs here ('tidemark run' sets it)`);
  const answer = await ask(path, `${begin ? 'begin' : end ? 'end' : 'mark'} ${name}\n`);
  if (answer !== 'ok') throw new CommandError(escapeTerminal(answer.replace(/^error /, '')));
}

async function ask(path: string, line: string): Promise<string> {
  // Not for the help: it loads all of Node's streams.
  const { connect } = await import('node:net');
  return await new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      socket.destroy();
      reject(new CommandError(`${VARIABLE}=${escapeTerminal(path)}: ${reason}`));
    };
    let text = '';
    const socket = connect(path, () => socket.write(line));
    socket.setEncoding('utf8');
    socket.setTimeout(PATIENCE_MS, () => fail('no answer'));
    socket.on('error', (error) => fail(reasonOf(error)));
    socket.on('data', (piece: string) => {
      text += piece;
      if (!text.includes('\n')) return;
      socket.destroy();
      resolve(text.slice(0, text.indexOf('\n')));
    });
    socket.on('end', () => fail('the recording has ended'));
  });
}
