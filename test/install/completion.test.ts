/**
 * Completion in the shells themselves: each is given the script as a user gives it, and asked what it offers.
 *
 * What must be offered is read from the help that the commands print, not from what the scripts are made of.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { runTidemark } from '../tidemark-process.js';
import { Tmux } from '../tmux.js';

const NAMES = COMMANDS.map(({ name }) => name);

let folder: string;
/** Long options by command, as the help has them. */
const shown = new Map<string, readonly string[]>();

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-completion-'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await runTidemark(['completion', shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    writeFileSync(path.join(folder, shell), stdout);
  }
  mkdirSync(path.join(folder, 'a folder'));
  writeFileSync(path.join(folder, 'a night.tide'), '');
  for (const name of NAMES) {
    const { stdout } = await runTidemark([name, '--help']);
    shown.set(
      name,
      [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, long]) => long),
    );
  }
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers behind these command lines: the function is called as bash calls it, in one bash for all. */
function bashOffers(lines: readonly (readonly string[])[]): string[][] {
  const script = `
    source ${folder}/bash
    # Outside of a completion there is nothing to set.
    compopt() { :; }
    while IFS= read -r -d '' count; do
      COMP_WORDS=(tidemark)
      for ((i = 0; i < count; i++)); do IFS= read -r -d '' word; COMP_WORDS+=("$word"); done
      COMP_CWORD=$count COMPREPLY=()
      _tidemark
      printf '%s\\t' "\${COMPREPLY[@]}"
      echo
    done`;
  const input = lines.map((words) => [words.length, ...words].map((word) => `${word}\0`).join('')).join('');
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script], {
    cwd: folder,
    input,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t').filter((word) => word !== ''));
}

/** What fish offers behind this command line, without the descriptions. */
function fishOffers(lines: readonly string[]): string[][] {
  const asks = lines.map((line) => `complete -C '${line}'; echo`).join('\n');
  const { stdout, stderr, status } = spawnSync('fish', ['--no-config', '-c', `source ${folder}/fish\n${asks}`], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, HOME: folder },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const blocks = stdout.split(/\n?(?:^|\n)\n/);
  return blocks.slice(0, lines.length).map((block) => block.split('\n').map((line) => line.split('\t')[0]));
}

describe('bash', () => {
  it('offers every command, and every option that the help of a command shows', () => {
    const [commands, ...options] = bashOffers([[''], ...NAMES.map((name) => [name, '--'])]);
    expect([...commands].sort()).toEqual([...NAMES, 'help', '--help', '--version'].sort());
    NAMES.forEach((name, index) => {
      expect({ name, options: options[index].filter((word) => word.startsWith('--')) }).toEqual({
        name,
        options: shown.get(name),
      });
    });
  });

  it.each([
    [['rec'], ['record']],
    [
      ['record', '--engine', ''],
      ['auto', 'bpf', 'native', 'ts'],
    ],
    [['record', '--engine', '=', 'na'], ['native']],
    [
      ['record', '--engine', '='],
      ['auto', 'bpf', 'native', 'ts'],
    ],
    [
      ['export', '--format', 'p'],
      ['parquet', 'perfetto', 'pprof'],
    ],
    [
      ['export', '--format', 'csv', 'a'],
      ['a folder', 'a night.tide'],
    ],
    [
      ['export', '-o', 'out', '--force', 'a'],
      ['a folder', 'a night.tide'],
    ],
    [['parse', 'smaps_'], ['smaps_rollup']],
    [['parse', '--engine', 'ts', 'smaps', 'a n'], ['a night.tide']],
    [['record', '--procfs', 'a'], ['a folder']],
    [['record', '--hz', ''], []],
    [['help', 'gro'], ['growth']],
    [['run', '--', 'mktem'], ['mktemp']],
    [['run', '--', 'cat', 'a n'], ['a night.tide']],
    [['run', '--', 'cat', '--eng'], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
  ])('%j', (words, offers) => {
    // Without duplicates and in order, as bash shows them.
    expect([...new Set(bashOffers([words])[0])].sort()).toEqual([...offers].sort());
  });

  it('offers pids', () => {
    expect(bashOffers([['maps', String(process.pid)]])[0]).toContain(String(process.pid));
  });

  it('completes what is typed', async () => {
    using terminal = new Tmux(100, 20);
    await terminal.command(`cd '${folder}'`);
    terminal.type(`exec bash --norc --noprofile`);
    terminal.keys('Enter');
    terminal.type(`PS1='bash> '; source ${folder}/bash; clear`);
    terminal.keys('Enter');
    await terminal.until((lines) => lines[0] === 'bash>', 'the prompt');
    terminal.type('tidemark gro');
    terminal.keys('Tab');
    terminal.type('a\\ n');
    terminal.keys('Tab');
    terminal.type('--ro');
    terminal.keys('Tab');
    await terminal.until((lines) => lines[0] === 'bash> tidemark growth a\\ night.tide --rows', 'the completed line');
  });
});

describe('fish', () => {
  it('offers every command, and every option that the help of a command shows', () => {
    const [commands, ...options] = fishOffers(['tidemark ', ...NAMES.map((name) => `tidemark ${name} --`)]);
    expect(commands.sort()).toEqual([...NAMES, 'help'].sort());
    NAMES.forEach((name, index) => {
      expect({ name, options: options[index].sort() }).toEqual({ name, options: [...(shown.get(name) ?? [])].sort() });
    });
  });

  it('offers values, files and programs', () => {
    expect(
      fishOffers([
        'tidemark record --engine ',
        'tidemark export --format=p',
        'tidemark parse smaps_',
        'tidemark info a',
        'tidemark record --procfs a',
        'tidemark help gro',
        'tidemark run -- mktem',
      ]),
    ).toEqual([
      ['auto', 'bpf', 'native', 'ts'],
      ['--format=parquet', '--format=perfetto', '--format=pprof'],
      ['smaps_rollup'],
      ['a folder/', 'a night.tide'],
      ['a folder/'],
      ['growth'],
      ['mktemp'],
    ]);
  });
});

describe('zsh', () => {
  async function inZsh(typed: readonly string[], wanted: string): Promise<void> {
    using terminal = new Tmux(100, 20);
    await terminal.command(`cd '${folder}'`);
    terminal.type('exec zsh -f');
    terminal.keys('Enter');
    const setUp = `PS1='zsh> '; autoload -Uz compinit; compinit -D -u; source ${folder}/zsh; clear`;
    terminal.type(setUp);
    terminal.keys('Enter');
    await terminal.until((lines) => lines[0] === 'zsh>', 'the prompt');
    for (const text of typed) {
      if (text === 'Tab') terminal.keys('Tab');
      else terminal.type(text);
    }
    await terminal.until((lines) => lines[0] === wanted, `the line "${wanted}"`);
  }

  it('completes commands, files and options', async () => {
    await inZsh(['tidemark gro', 'Tab', 'a\\ n', 'Tab', '--ro', 'Tab'], 'zsh> tidemark growth a\\ night.tide --rows=');
  });

  it('completes values', async () => {
    await inZsh(['tidemark record --engine na', 'Tab'], 'zsh> tidemark record --engine native');
  });

  it('offers every command, and every option that the help of a command shows', () => {
    // `compadd` is asked for the words, since zsh offers to look at them only by keys.
    const script = `
      autoload -Uz compinit; compinit -D -u -d ${folder}/dump
      source ${folder}/zsh
      _describe() { print -l -- "\${commands[@]%%:*}"; print }
      _arguments() {
        if [[ $1 == -C ]]; then state=$wanted; return; fi
        local spec
        for spec in "$@"; do [[ $spec =~ '(--[a-z0-9-]+)[=+]?\\[' ]] && print -r -- $match[1]; done
        print
      }
      wanted=command; _tidemark
      wanted=words
      for command in ${NAMES.join(' ')}; do words=($command); _tidemark; done`;
    const stdout = execFileSync('zsh', ['-f', '-c', script], {
      encoding: 'utf8',
      env: { ...process.env, HOME: folder },
    });
    const [commands, ...options] = stdout.split('\n\n').map((block) => block.trim().split('\n'));
    expect(commands.sort()).toEqual([...NAMES, 'help'].sort());
    NAMES.forEach((name, index) => {
      expect({ name, options: options[index] }).toEqual({ name, options: shown.get(name) });
    });
  });
});

it('refuses another shell', async () => {
  const { code, stderr } = await runTidemark(['completion', 'tcsh']);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'tidemark completion: SHELL: "tcsh" is not a shell; allowed: bash, zsh, fish\n',
  });
});
