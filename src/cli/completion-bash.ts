/**
 * Completion for bash, without the package bash-completion.
 *
 * The traps: bash takes `--engine=na` apart at the `=`, and what is completed is the part behind it; and file names have
 * blanks, so nothing is split at them.
 */
import type { CommandLine, LineOption, LineValue } from './command-lines.js';

/** The script; every word in it is from the table of commands and checked to need no quotes. */
export function bashCompletion(commands: readonly CommandLine[]): string {
  const names = [...commands.map(({ name }) => name), 'help'];
  return `# Completion of tidemark for bash: source it, or put it where bash-completion looks, as tidemark.
_tidemark_offer() {
  case $1 in
    file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    folder) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
    pid) mapfile -t COMPREPLY < <(cd /proc && compgen -G '[0-9]*' | grep "^$current") ;;
    user) mapfile -t COMPREPLY < <(compgen -u -- "$current") ;;
    group) mapfile -t COMPREPLY < <(compgen -g -- "$current") ;;
    program) mapfile -t COMPREPLY < <(compgen -c -- "$current") ;;
    words) mapfile -t COMPREPLY < <(compgen -W "$2" -- "$current") ;;
  esac
}

# What the value of an option is, or nothing when it has none.
_tidemark_value() {
  case $1 in
${commands.flatMap(valueCases).join('\n')}
  esac
}

_tidemark() {
  COMPREPLY=()
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
  if ((COMP_CWORD == 1)); then
    _tidemark_offer words '${names.join(' ')} --help --version'
    return
  fi
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  # How many arguments stand before this one, and whether options have ended.
  local place=0 ended= skips= word
  for word in "\${COMP_WORDS[@]:2:COMP_CWORD - 2}"; do
    if [[ -n $skips ]]; then
      [[ $word == = ]] || skips=
    elif [[ -z $ended && $word == -- ]]; then
      ended=yes
    elif [[ -z $ended && $word == -?* ]]; then
      [[ -n $(_tidemark_value "$command $word") ]] && skips=yes
    else
      ((place += 1))
    fi
  done
  local value=
  [[ -z $ended ]] && value=$(_tidemark_value "$command $previous")
  if [[ -n $value ]]; then
    _tidemark_offer "\${value%% *}" "\${value#* }"
    return
  fi
  if [[ $current == -* && -z $ended ]]; then
    case $command in
${commands.map(optionCase).join('\n')}
    esac
    return
  fi
  case "$command $place" in
${commands.flatMap(argumentCases).join('\n')}
    'help 0') _tidemark_offer words '${commands.map(({ name }) => name).join(' ')}' ;;
  esac
}

complete -F _tidemark tidemark
`;
}

function valueCases({ name, options }: CommandLine): string[] {
  return options.flatMap((option) =>
    option.value
      ? [
          `    ${namesOf(option)
            .map((flag) => `'${name} ${flag}'`)
            .join(' | ')}) echo '${offerOf(option.value)}' ;;`,
        ]
      : [],
  );
}

function optionCase({ name, options }: CommandLine): string {
  return `      ${name}) _tidemark_offer words '${options.flatMap(namesOf).join(' ')}' ;;`;
}

function argumentCases({ name, arguments: places }: CommandLine): string[] {
  return places.map((place, index) => {
    const offer = `_tidemark_offer ${offerOf(place).replace(/^words (.*)/, "words '$1'")}`;
    // Behind a program come its own arguments.
    if (!place.isVariadic) return `    '${name} ${index}') ${offer} ;;`;
    const others = place.kind === 'program' ? '_tidemark_offer file' : offer;
    return `    '${name} ${index}') ${offer} ;;\n    '${name} '*) ${others} ;;`;
  });
}

function namesOf({ short, long }: LineOption): string[] {
  return [short, long].filter((flag) => flag !== undefined);
}

function offerOf({ kind, words }: LineValue): string {
  return kind === 'words' ? `words ${words.join(' ')}` : kind;
}
