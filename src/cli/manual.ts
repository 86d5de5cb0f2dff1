/** `tidemark manual [COMMAND]`: a manual page, from the table of commands. */
import type { Command } from 'commander';
import { readVersion } from '../text/package.js';
import { readCommandLines } from './command-lines.js';
import { COMMANDS } from './commands.js';
import { commandPage, programPage } from './manual-page.js';
import { oneOf } from './option-values.js';
import { readValue } from './read-value.js';
import { writeStdout } from './standard-streams.js';

export function configure(command: Command): void {
  const words = COMMANDS.map(({ name }) => name);
  const parse = oneOf('a command', words);
  command
    .argument(
      '[name]',
      'a command; without one the page is of the program',
      Object.assign((text: string) => readValue('NAME', text, parse), { words }),
    )
    .action(async (name?: string) => {
      const commands = await readCommandLines();
      const asked = commands.find((line) => line.name === name);
      const version = readVersion();
      await writeStdout(asked ? commandPage(version, asked) : programPage(version, commands));
    });
}
