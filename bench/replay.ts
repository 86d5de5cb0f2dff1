/**
 * replay: the screen of `top` over a recording of 256 MiB: the first screen of a fresh process, a tick back and on, and a
 * jump to anywhere.
 *
 * The traps: what a key costs is all of it, from the place in the file to the lines for the terminal; a program is slow the
 * first time, so the first screen is that of the command itself, at a terminal of its own; and what is
 * filled in while nobody presses a key is not part of a key, so it is timed on its own.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ReplaySession } from '../src/cli/replay-session.js';
import { openRecording } from '../src/recording/recording.js';
import { type DrawnScreen, drawScreen } from '../src/views/screen/screen.js';
import { FIRST_STATE } from '../src/views/screen/screen-state.js';
import { symbolsFor } from '../src/views/screen/symbols.js';
import type { Bench } from './bench-context.js';
import type { Target } from './finding.js';
import { digits } from './finding-text.js';
import { firstScreen, SCREEN_SIZE } from './first-screen.js';
import { writeMovingRecording } from './moving-recording.js';
import { spreadOf } from './spread.js';
import { randomFrom } from './synthetic-sweeps.js';
import { wallMs } from './wall-ms.js';

const MIB = 2 ** 20;
/** What they take is about 256 MiB. */
const POINTS = 3.2e9;
const FRESH = 7;
const STEPS = 60;
const JUMPS = 40;
const atMost = (value: number): Target => ({ relation: '<=', value, of: 'ours' });

interface Times {
  readonly steps: readonly number[];
  readonly jumps: readonly number[];
  /** Until shapes and peaks of ten minutes are there, after a jump. */
  readonly whole: number;
}

export const replay: Bench = {
  name: 'replay',
  summary: 'a recording of 256 MiB on the screen of top: the first screen, a tick, a jump',
  needsZoo: false,
  async run({ quick, report, note }) {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-'));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.once('exit', remove);
    try {
      const file = path.join(folder, 'night.tide');
      const ticks = writeMovingRecording(file, quick ? POINTS / 50 : POINTS);
      const on = `${digits(statSync(file).size / MIB)} MiB, 2000 processes, ${ticks} ticks at 100 Hz`;
      const rounds = Array.from({ length: quick ? 2 : FRESH }, () => {
        const words = [fileURLToPath(import.meta.url), file];
        return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as Times;
      });
      const line = (what: string, samples: readonly number[], target: Target) =>
        report({ what, on, unit: 'ms', ours: { name: 'top --in', samples: [...samples] }, target });
      const [first, filled, bare]: [number[], number[], number[]] = [[], [], []];
      for (let round = 0; round < (quick ? 2 : 2 * FRESH); round++) {
        const times = await firstScreen(['--in', file]);
        first.push(times.first);
        filled.push(times.filled);
        bare.push(wallMs(process.execPath, ['-e', '0']));
      }
      line('from the start of the command to its first screen', first, atMost(300));
      note(`what was read deeply and what changed was on it after ${digits(spreadOf(filled).median)} ms`);
      note(`Node alone, asked for nothing, took ${digits(spreadOf(bare).median)} ms in the same rounds`);
      line(
        'a tick back or on',
        rounds.flatMap(({ steps }) => steps),
        atMost(30),
      );
      line(
        'a jump to anywhere',
        rounds.flatMap(({ jumps }) => jumps),
        atMost(100),
      );
      const whole = rounds.map((round) => digits(round.whole)).join(', ');
      note(`shapes and peaks of the ten minutes before an instant were there ${whole} ms after the last key`);
    } finally {
      process.off('exit', remove);
      remove();
    }
  },
};

/** As a program of its own: one line of JSON. */
async function measure(file: string): Promise<Times> {
  let changed: () => void = () => {};
  using recording = openRecording(file);
  const session = new ReplaySession({ recording, changed: () => changed() });
  const symbols = symbolsFor(true, true);
  let drawn: DrawnScreen | undefined;
  const draw = () => {
    drawn = drawScreen(session.look(undefined), FIRST_STATE, SCREEN_SIZE, symbols, drawn?.order ?? []);
  };
  draw();
  const timed = (press: () => void) => {
    const begin = performance.now();
    press();
    draw();
    return performance.now() - begin;
  };
  const steps = Array.from({ length: STEPS }, (_, index) => timed(() => session.step(index % 3 === 2 ? 1 : -1)));
  const { firstNs, lastNs } = session.look(undefined).replay!;
  const random = randomFrom(5);
  const jumps = Array.from({ length: JUMPS }, () =>
    timed(() => session.moveTo(firstNs + BigInt(Math.floor(Number(lastNs - firstNs) * random())))),
  );
  const rested = performance.now();
  await new Promise<void>((resolve) => {
    changed = () => {
      const { processes } = session.look(undefined);
      if (processes.every(({ peak }) => !Number.isNaN(peak))) resolve();
    };
  });
  const whole = performance.now() - rested;
  session.close();
  return { steps, jumps, whole };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(await measure(process.argv[2]!)));
}
