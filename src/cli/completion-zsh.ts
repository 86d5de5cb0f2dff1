/**
 * Completion for zsh, by its own `_arguments`.
 *
 * The trap: a colon ends a part of a specification and a bracket its description, so both are escaped in texts.
 */
import type { CommandLine, LineOption, LineValue } from './command-lines.js';

/** The script; it works from a folder of `fpath` as `_tidemark` and when it is sourced after `compinit`. */
export function zshCompletion(commands: readonly CommandLine[]): string {
  return `#compdef tidemark
# Completion of tidemark for zsh: put it into a folder of fpath as _tidemark, or source it after compinit.
_tidemark() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C \\
    '(- : *)'{-h,--help}'[print the help]' \\
    '(- : *)'{-V,--version}'[print the version]' \\
    '1: :->command' \\
    '*:: :->words'
  case $state in
    command)
      local -a commands=(
${commands.map(({ name, summary }) => `        ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`).join('\n')}
        'help:print the help of a command'
      )
      _describe command commands
      ;;
    words)
      curcontext="\${curcontext%:*:*}:tidemark-$words[1]:"
      case $words[1] in
${commands.map(caseOf).join('\n')}
        help) _arguments '1:command:(${commands.map(({ name }) => name).join(' ')})' ;;
      esac
      ;;
  esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _tidemark "$@"
else
  compdef _tidemark tidemark
fi
`;
}

function caseOf({ name, options, arguments: places }: CommandLine): string {
  const specs = [...options.flatMap(optionSpecs), ...places.map(argumentSpec)];
  return `        ${name}) _arguments -s -S \\\n${specs.map((spec) => `          ${spec}`).join(' \\\n')} ;;`;
}

function optionSpecs({ short, long, value, help }: LineOption): string[] {
  const flags = [short, long].filter((flag) => flag !== undefined);
  return flags.map((flag) => {
    // A long option takes its value behind = as well.
    const joint = value === undefined ? '' : flag === long ? '=' : '+';
    const others = flags.length > 1 ? `(${flags.join(' ')})` : '';
    return quoted(
      `${others}${flag}${joint}[${escaped(help)}]${value ? `:${escaped(value.name)}:${actionOf(value)}` : ''}`,
    );
  });
}

function argumentSpec(place: CommandLine['arguments'][number], index: number): string {
  const start = place.isVariadic ? (place.kind === 'program' ? '*::' : '*:') : `${index + 1}:`;
  return quoted(
    `${start}${escaped(place.name)}:${place.isVariadic && place.kind === 'program' ? '_normal' : actionOf(place)}`,
  );
}

function actionOf({ kind, words }: LineValue): string {
  switch (kind) {
    case 'words':
      return `(${words.join(' ')})`;
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'pid':
      return '_pids';
    case 'user':
      return '_users';
    case 'group':
      return '_groups';
    case 'program':
      return '_cmdstring';
    case 'other':
      return ' ';
  }
}

function escaped(text: string): string {
  return text.replace(/[\\:[\]]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
