/**
 * Completion for fish.
 *
 * The trap: fish asks whether a word was seen anywhere, and a file may have the name of a command: so it is asked whether
 * it is the first word.
 */
import type { CommandLine, LineOption, LineValue } from './command-lines.js';

/** The script, for a folder of `fish_complete_path` as tidemark.fish, or to be sourced. */
export function fishCompletion(commands: readonly CommandLine[]): string {
  return `# Completion of tidemark for fish: put it into ~/.config/fish/completions as tidemark.fish, or source it.
function __tidemark_command_is
    set -l words (commandline -opc)
    test (count $words) -gt 1; and contains -- $words[2] $argv
end

function __tidemark_no_command
    test (count (commandline -opc)) -eq 1
end

complete -c tidemark -f
complete -c tidemark -n __tidemark_no_command -s h -l help -d 'print the help'
complete -c tidemark -n __tidemark_no_command -s V -l version -d 'print the version'
complete -c tidemark -n __tidemark_no_command -a help -d 'print the help of a command'
complete -c tidemark -n '__tidemark_command_is help' -a '${commands.map(({ name }) => name).join(' ')}'
${commands.flatMap(linesOf).join('\n')}
`;
}

function linesOf({ name, summary, options, arguments: places }: CommandLine): string[] {
  const start = `complete -c tidemark -n '__tidemark_command_is ${name}'`;
  const offers = [...new Set(places.map(offerOf))].filter((offer) => offer !== '');
  return [
    `complete -c tidemark -n __tidemark_no_command -a ${name} -d ${quoted(summary)}`,
    ...options.map((option) => `${start}${flagsOf(option)} -d ${quoted(option.help)}`),
    ...offers.map((offer) => `${start} ${offer}`),
  ];
}

function flagsOf({ short, long, value }: LineOption): string {
  const flags = `${short ? ` -s ${short.slice(1)}` : ''}${long ? ` -l ${long.slice(2)}` : ''}`;
  if (value === undefined) return flags;
  return value.kind === 'file' ? `${flags} -r -F` : `${flags} -x ${offerOf(value)}`.trimEnd();
}

function offerOf({ kind, words }: LineValue): string {
  switch (kind) {
    case 'words':
      return `-a ${quoted(words.join(' '))}`;
    case 'file':
      return '-F';
    case 'folder':
      return "-a '(__fish_complete_directories)'";
    case 'pid':
      return "-a '(__fish_complete_pids)'";
    case 'user':
      return "-a '(__fish_complete_users)'";
    case 'group':
      return "-a '(__fish_complete_groups)'";
    case 'program':
      return "-a '(__fish_complete_subcommand --fcs-skip=2)'";
    case 'other':
      return '';
  }
}

/** In single quotes fish knows two escapes. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
