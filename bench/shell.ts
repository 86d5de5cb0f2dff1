/**
 * shell: commands as a shell runs them, from fork to exit, against procps and smem. From ours the time of an empty Node
 * program is subtracted, which is measured in the same rounds.
 *
 * The traps: a side that prints less is no peer, so the lines of both are counted before anything is timed. And the
 * difference of two single runs is mostly noise, so the median of the empty program is subtracted, not its neighbour.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { packageRoot } from '../src/text/package.js';
import { alternate } from './alternate.js';
import type { Bench, BenchContext } from './bench-context.js';
import { digits } from './finding-text.js';
import { findPython } from './interpreters.js';
import { RoundChild } from './round-child.js';
import { spreadOf } from './spread.js';
import { wallMs } from './wall-ms.js';

const MAIN = path.join(packageRoot(), 'dist', 'cli', 'main.js');
const EMPTY = path.join(packageRoot(), 'bench', 'empty.cjs');
const MAPPINGS = 2000;

interface Comparison {
  /** The words after `tidemark`. */
  readonly words: readonly string[];
  readonly peer: readonly string[];
  /** The Debian package that the peer comes from. */
  readonly from: string;
  readonly on: string;
  readonly target: number;
  readonly rounds: number;
}

export const shell: Bench = {
  name: 'shell',
  summary: 'commands from the shell against procps and smem, an empty Node program subtracted',
  needsZoo: true,
  async run(context) {
    const rounds = context.quick ? 5 : 21;
    await version(context, rounds);
    const host = `the host with the zoo of ${context.zoo.description}`;
    await compare(context, {
      words: ['ps', 'aux'],
      peer: ['ps', 'aux'],
      from: 'procps',
      on: host,
      target: 0.7,
      rounds,
    });
    await withMappings(async (pid, mappings) => {
      const on = `a process with ${mappings} mappings`;
      const words = ['pmap', '-X', String(pid)];
      await compare(context, { words, peer: words, from: 'procps', on, target: 0.5, rounds });
    });
    const words = ['ps', '-eo', 'pid,pss'];
    const peer = ['smem', '-c', 'pid pss'];
    // One run of smem takes seconds.
    await compare(context, { words, peer, from: 'smem', on: host, target: 0.1, rounds: context.quick ? 2 : 5 });
  },
};

/** The whole of `--version` against the whole of an empty program. */
async function version({ report }: BenchContext, rounds: number): Promise<void> {
  const [ours, empty] = await alternate(
    [
      { name: 'tidemark --version', round: () => wallMs(process.execPath, [MAIN, '--version']) },
      { name: 'empty', round: emptyMs },
    ],
    rounds,
  );
  report({
    what: 'tidemark --version, nothing subtracted',
    on: 'a shell',
    unit: 'ms',
    ours: { name: 'tidemark', samples: ours! },
    theirs: { name: 'an empty program', samples: empty! },
    target: { relation: '<=', value: 1.15, of: 'ratio' },
  });
}

async function compare(context: BenchContext, comparison: Comparison): Promise<void> {
  const { words, from, on, target, rounds } = comparison;
  const [program, ...args] = comparison.peer as [string, ...string[]];
  const command = `tidemark ${words.join(' ')}`;
  const ours = linesOf(process.execPath, [MAIN, ...words]);
  if (ours.refusal !== undefined) return context.note(`${command} is left out, it does not work: ${ours.refusal}`);
  const theirs = linesOf(program, args);
  if (theirs.refusal !== undefined) {
    return context.note(`${command} is left out, there is nothing to compare with: apt-get install ${from}`);
  }
  // Processes come and go, and smem leaves out those without memory of their own, such as the kernel's threads.
  if (ours.lines < theirs.lines * 0.9) {
    throw new Error(`${command} printed ${ours.lines} lines, ${program} printed ${theirs.lines}`);
  }
  const [whole, peer, empty] = await alternate(
    [
      { name: command, round: () => wallMs(process.execPath, [MAIN, ...words]) },
      { name: program, round: () => wallMs(program, args) },
      { name: 'empty', round: emptyMs },
    ],
    rounds,
    1,
  );
  const nodeMs = spreadOf(empty!).median;
  context.report({
    what: `${command} against ${comparison.peer.join(' ')}`,
    on,
    unit: 'ms',
    ours: { name: 'tidemark, less an empty program', samples: whole!.map((ms) => ms - nodeMs) },
    theirs: { name: from, samples: peer! },
    target: { relation: '<=', value: target, of: 'ratio' },
    also: `an empty program takes ${digits(nodeMs)} ms, the whole command ${digits(spreadOf(whole!).median)} ms`,
  });
}

/** Lines that a command prints, or why it prints none. */
function linesOf(program: string, args: readonly string[]): { lines: number; refusal?: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error) return { lines: 0, refusal: error.message };
  if (status !== 0) return { lines: 0, refusal: stderr.split('\n', 1)[0]! };
  return { lines: stdout.split('\n').length - 1 };
}

function emptyMs(): number {
  return wallMs(process.execPath, [EMPTY]);
}

async function withMappings(use: (pid: number, mappings: number) => Promise<void>): Promise<void> {
  const python = findPython();
  if (python === undefined) throw new Error('The process with many mappings needs python3, and none is on the PATH');
  await using maker = new RoundChild('Mappings', python, [path.join(packageRoot(), 'bench', 'mappings.py')]);
  const [pid, mappings] = (await maker.ask(String(MAPPINGS))).split(' ').map(Number) as [number, number];
  await use(pid, mappings);
}
