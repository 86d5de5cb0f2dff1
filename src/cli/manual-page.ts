/**
 * Manual pages from the table of commands, in the macros of man(7).
 *
 * The traps: a line that begins with a dot or an apostrophe is a request to troff, and a hyphen that is to be copied into a
 * shell has to be written as a minus.
 */
import { type CommandLine, HELP_OPTION, type LineOption } from './command-lines.js';
import { EXIT_CODES_TEXT } from './exit-codes.js';

const DESCRIPTION =
  'A flight recorder for the memory of Linux processes. It samples every process of a host, or some, into a file of bounded ' +
  'size that survives a crash of the recorder; prints what ps, top and pmap print, with PSS, USS and swap; and compares the ' +
  'memory of two versions of a program.';

/** tidemark(1): all commands with a line each. */
export function programPage(version: string, commands: readonly CommandLine[]): string {
  return page(version, 'tidemark', 'a memory flight recorder for Linux processes', [
    '.SH SYNOPSIS',
    `.B tidemark\n${text('COMMAND [options] [arguments]')}`,
    '.SH DESCRIPTION',
    text(DESCRIPTION),
    '.SH COMMANDS',
    ...commands.map(({ name, summary }) => `.TP\n.BR ${text(`tidemark-${name}`)} (1)\n${text(sentence(summary))}`),
    '.SH OPTIONS',
    ...[HELP_OPTION, { short: '-V', long: '--version', help: 'print the version' }].map(optionEntry),
    '.SH EXIT STATUS',
    text(`${EXIT_CODES_TEXT.replace('Exit codes: ', '')}.`),
    ...seeAlso(['ps (1)', 'top (1)', 'pmap (1)', 'proc (5)']),
  ]);
}

/** tidemark-NAME(1): one command with everything that its help says. */
export function commandPage(version: string, command: CommandLine): string {
  const { name, summary, usage, options, notes, examples } = command;
  const described = command.arguments.filter(({ help }) => help !== '');
  return page(version, `tidemark-${name}`, summary, [
    '.SH SYNOPSIS',
    `.B ${text(`tidemark ${name}`)}\n${text(usage)}`,
    '.SH DESCRIPTION',
    text(sentence(summary)),
    ...(described.length > 0 ? ['.SH ARGUMENTS'] : []),
    ...described.map((place) => `.TP\n.I ${text(place.name)}\n${text(sentence(place.help))}`),
    '.SH OPTIONS',
    ...options.map(optionEntry),
    ...(notes.length > 0 ? ['.SH NOTES', ...verbatim(notes)] : []),
    '.SH EXAMPLES',
    ...verbatim(examples),
    '.SH EXIT STATUS',
    text(`${EXIT_CODES_TEXT.replace('Exit codes: ', '')}.`),
    ...seeAlso(['tidemark (1)']),
  ]);
}

function page(version: string, name: string, summary: string, body: readonly string[]): string {
  return [
    `.TH ${name.toUpperCase().replaceAll('-', '\\-')} 1 "" "tidemark ${version}" "User Commands"`,
    '.SH NAME',
    `${text(name)} \\- ${text(summary)}`,
    ...body,
    '',
  ].join('\n');
}

function optionEntry({ short, long, value, help }: LineOption): string {
  const flags = [short, long].filter((flag) => flag !== undefined).map((flag) => `\\fB${text(flag)}\\fR`);
  return `.TP\n${flags.join(', ')}${value ? ` \\fI${text(value.name)}\\fR` : ''}\n${text(sentence(help))}`;
}

/** Lines that stay as they are. */
function verbatim(lines: readonly string[]): string[] {
  return ['.nf', ...lines.map(text), '.fi'];
}

function seeAlso(pages: readonly string[]): string[] {
  return ['.SH SEE ALSO', ...pages.map((name, index) => `.BR ${text(name)}${index < pages.length - 1 ? ' ,' : ''}`)];
}

function text(plain: string): string {
  return plain.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^[.']/gm, '\\&$&');
}

function sentence(half: string): string {
  return half === '' || /[.:]$/.test(half) ? half : `${half[0].toUpperCase()}${half.slice(1)}.`;
}
