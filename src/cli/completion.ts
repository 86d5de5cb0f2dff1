/** `tidemark completion SHELL`: what makes a shell complete our command lines, from the table of commands. */
import type { Command } from 'commander';
import { readCommandLines } from './command-lines.js';
import { bashCompletion } from './completion-bash.js';
import { fishCompletion } from './completion-fish.js';
import { zshCompletion } from './completion-zsh.js';
import { oneOf } from './option-values.js';

import { readValue } from './read-value.js';
import { writeStdout } from './standard-streams.js';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
type Shell = keyof typeof SHELLS;

export function configure(command: Command): void {
  const words = Object.keys(SHELLS) as Shell[];
  const parse = oneOf('a shell', words);
  command
    .argument(
      '<shell>',
      words.join(', '),
      Object.assign((text: string) => readValue('SHELL', text, parse), { words }),
    )
    .addHelpText('after', HELP)
    .action(async (shell: Shell) => writeStdout(SHELLS[shell](await readCommandLines())));
}

const HELP = `
To keep it: as tidemark in ~/.local/share/bash-completion/completions, as _tidemark in a folder of zsh's fpath, as
tidemark.fish in ~/.config/fish/completions.`;
