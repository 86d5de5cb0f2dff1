/**
 * The table of commands: the only list of them. A command's file is loaded when the command is used, and with it whatever
 * that command alone needs; the help of the program comes from this table.
 */
import type { Command } from 'commander';
import type { DirectCommand } from './direct-command.js';

/** What a command's file exports. */
export interface CommandModule {
  /** Adds arguments, options and the action to a command that has its name, summary and examples already. */
  configure(command: Command): void;
}

interface EntryText {
  readonly name: string;
  /** Half a line, lower case, no full stop. */
  readonly summary: string;
  /** Whole command lines, without the prompt. */
  readonly examples: readonly string[];
  /** Its exit code is somebody else's: what goes wrong on our side has one of its own, `OWN_FAILURE`. */
  readonly passesExitCode?: true;
}

export interface ParsedEntry extends EntryText {
  readonly load: () => Promise<CommandModule>;
}

/** A command whose words Node parses; its file exports `command`. */
export interface DirectEntry extends EntryText {
  readonly loadDirect: () => Promise<{ readonly command: DirectCommand }>;
}

export type CommandEntry = ParsedEntry | DirectEntry;

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'record',
    summary: 'sample the memory of processes into a recording',
    examples: ['tidemark record --for 10m --hz 10 -o night.tide'],
    load: () => import('./record.js'),
  },
  {
    name: 'agent',
    summary: 'record all the time, and tell Prometheus what groups of processes use',
    examples: [
      'tidemark agent --ring /var/lib/tidemark --size 2G',
      'tidemark agent --listen :9485 --token-file token --tls-cert host.crt --tls-key host.key',
    ],
    load: () => import('./agent.js'),
  },
  {
    name: 'run',
    summary: 'run a command and record it with all its descendants',
    examples: [
      'tidemark run -- make -j4',
      'tidemark run --runs 10 --json new.json --max pss.peak=512MiB -- ./server --once',
    ],
    passesExitCode: true,
    load: () => import('./run.js'),
  },
  {
    name: 'bench',
    summary: 'run two commands in turn and compare their memory',
    examples: ["tidemark bench --runs 10 './old --once' './new --once' --fail-on pss.peak=+3%"],
    load: () => import('./bench.js'),
  },
  {
    name: 'compare',
    summary: 'whether memory got worse between two sets of runs',
    examples: [
      'tidemark compare old.json new.json --fail-on pss.peak=+3%',
      'tidemark compare monday/ tuesday/ --markdown',
    ],
    load: () => import('./compare.js'),
  },
  {
    name: 'growth',
    summary: 'which processes and mappings of a recording grow, with the slope and its interval',
    examples: ['tidemark growth night.tide', 'tidemark growth run.tide --from loaded --to done'],
    load: () => import('./growth.js'),
  },
  {
    name: 'mark',
    summary: 'mark the recording that this script runs in',
    examples: ['tidemark mark loaded', 'tidemark mark --begin query', 'tidemark mark --end query'],
    loadDirect: () => import('./mark.js'),
  },
  {
    name: 'info',
    summary: 'what a recording holds',
    examples: ['tidemark info night.tide'],
    load: () => import('./info.js'),
  },
  {
    name: 'export',
    summary: 'convert a recording to another format',
    examples: ['tidemark export night.tide --format csv -o night.csv'],
    load: () => import('./export.js'),
  },
  {
    name: 'report',
    summary: 'a recording as one page to look at',
    examples: ['tidemark report night.tide -o night.html'],
    load: () => import('./report.js'),
  },
  {
    name: 'view',
    summary: 'the same page served to this machine, following what is written',
    examples: ['tidemark view night.tide', 'tidemark view --live -p 4711'],
    load: () => import('./view.js'),
  },
  {
    name: 'cut',
    summary: 'a part of a recording as a recording of its own',
    examples: [
      'tidemark cut night.tide --last 10m -o end.tide',
      'tidemark cut night.tide --from 03:00 --to 03:10 --redact args,paths,comm -o - | tidemark info -',
    ],
    load: () => import('./cut.js'),
  },
  {
    name: 'merge',
    summary: 'recordings of several hosts or runs in one',
    examples: ['tidemark merge web1.tide web2.tide -o web.tide'],
    load: () => import('./merge.js'),
  },
  {
    name: 'repair',
    summary: 'salvage a damaged recording, and say what is lost',
    examples: ['tidemark repair night.tide -o sound.tide'],
    load: () => import('./repair.js'),
  },
  {
    name: 'tail',
    summary: 'follow a recording while it is written',
    examples: ['tidemark tail night.tide', 'tidemark tail night.tide --metric rss,pss --json --for 1m'],
    load: () => import('./tail.js'),
  },
  {
    name: 'maps',
    summary: 'the mappings of a process as the kernel writes them',
    examples: ['tidemark maps 1', "tidemark maps 1 --grep 'libc' --sort -size"],
    loadDirect: () => import('./maps.js'),
  },
  {
    name: 'pmap',
    summary: 'the memory map of processes as procps prints it',
    examples: ['tidemark pmap -x 1', 'tidemark pmap -X 1 --json'],
    loadDirect: () => import('./pmap.js'),
  },
  {
    name: 'segments',
    summary: "sort a process's memory into code, data, heap, stacks, libraries and the rest",
    examples: [
      'tidemark segments 1234',
      'tidemark segments --tree --in captured-smaps',
      'tidemark segments --in night.tide --at 03:02 1234',
    ],
    loadDirect: () => import('./segments.js'),
  },
  {
    name: 'wss',
    summary: 'how much of its memory a process uses in a time: its working set, by referenced bits that this clears',
    examples: ['tidemark wss 1234 --for 10s', 'tidemark wss 1234 --for 1m --allow-hold 20ms'],
    load: () => import('./wss.js'),
  },
  {
    name: 'why',
    summary: 'why a process has the memory that it has: of what, with whom, since when, up to which limit',
    examples: ['tidemark why 1234', 'tidemark why postgres --for 30s', 'tidemark why 1234 --in night.tide --at 03:02'],
    load: () => import('./why.js'),
  },
  {
    name: 'explain',
    summary: 'what a number is, how exact, what reading it takes, and what other programs call it',
    examples: ['tidemark explain pss', 'tidemark explain RES', 'tidemark explain "docker stats"'],
    loadDirect: () => import('./explain.js'),
  },
  {
    name: 'ps',
    summary: 'the processes, as procps prints them, with PSS, USS and swap',
    examples: [
      'tidemark ps aux',
      'tidemark ps -eo pid,pss,uss,swap,args --sort -pss',
      'tidemark ps --by comm',
      'tidemark ps --in night.tide --at 03:02',
    ],
    loadDirect: () => import('./ps.js'),
  },
  {
    name: 'parse',
    summary: 'read captured kernel text to JSON',
    examples: ['tidemark parse smaps /proc/self/smaps', 'ssh host cat /proc/1/maps | tidemark parse maps -'],
    load: () => import('./parse.js'),
  },
  {
    name: 'top',
    summary: "which processes grow, on a screen; with -b as procps' top prints them",
    examples: ['tidemark top', 'tidemark top -b -n 10 -d 0.5 -p 1,2', 'tidemark top --in night.tide --at 03:02'],
    loadDirect: () => import('./top.js'),
  },
  {
    name: 'host',
    summary: 'where the memory of the host is: its total as a sum of parts, and the rest',
    examples: ['tidemark host', 'tidemark host --for 10s', 'tidemark host --in night.tide --since -15m'],
    loadDirect: () => import('./host.js'),
  },
  {
    name: 'verify',
    summary: 'check both tokenizers against each other on every live process',
    examples: ['sudo tidemark verify --for 10s'],
    load: () => import('./verify.js'),
  },
  {
    name: 'doctor',
    summary: 'what this host allows, which engine and why, what to grant to get more',
    examples: ['tidemark doctor'],
    load: () => import('./doctor.js'),
  },
  {
    name: 'completion',
    summary: 'the script that makes a shell complete these command lines',
    examples: ['source <(tidemark completion bash)', 'tidemark completion fish | source'],
    load: () => import('./completion.js'),
  },
  {
    name: 'manual',
    summary: 'the manual page of the program or of one command',
    examples: ['tidemark manual record | man -l -'],
    load: () => import('./manual.js'),
  },
];
