/**
 * Runs the long forms of what the tests do in short: `npm run torture -- [NAME ...] [--count N] [--seed N] [--from N] [--list]`.
 * A name is that of a trial or the beginning of several. `--from`: the first of the faults, so that a long course goes on
 * where it was ended. Exit 0 when all held, 1 when one did not, 2 for a wrong command line.
 */
import { FAULT_TRIALS } from '../faults/fault-trials.js';
import { SOAK_TRIAL } from '../faults/soak.js';
import { DAMAGE_TRIALS } from './damage-trials.js';
import { ASK_TRIAL } from './damaged-recordings.js';
import { HOG_TRIAL } from './disk-hog.js';
import { FLEET_TRIAL } from './fleet-trial.js';
import { KILL_TRIALS } from './kill-trials.js';
import { OUTAGE_TRIAL } from './outage-trial.js';
import { POWER_TRIAL } from './power-cut.js';
import { READER_TRIAL } from './readers.js';
import { SECOND_READER_TRIAL } from './second-reader-trial.js';
import type { Trial, TrialContext } from './trial.js';

const TRIALS: readonly Trial[] = [
  ...KILL_TRIALS,
  ...DAMAGE_TRIALS,
  ASK_TRIAL,
  POWER_TRIAL,
  HOG_TRIAL,
  READER_TRIAL,
  SECOND_READER_TRIAL,
  FLEET_TRIAL,
  OUTAGE_TRIAL,
  ...FAULT_TRIALS,
  SOAK_TRIAL,
];

const USAGE = 'npm run torture -- [NAME ...] [--count N] [--seed N] [--from N] [--list]';
const PROGRESS_MS = 5000;

async function main(words: readonly string[]): Promise<number> {
  const names: string[] = [];
  const numbers = { count: 0, seed: Date.now() % 2 ** 31, from: 1 };
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '--list') {
      for (const { name, count, says } of TRIALS) console.log(`${name} (${count}): ${says}`);
      return 0;
    }
    if (word === '--count' || word === '--seed' || word === '--from') {
      const value = Number(words[++at]);
      if (!Number.isSafeInteger(value) || value < 1) return refuse(`${word} needs a positive integer`);
      numbers[word.slice(2) as keyof typeof numbers] = value;
    } else if (TRIALS.some(({ name }) => name.startsWith(word))) {
      names.push(word);
    } else {
      return refuse(`There is no trial ${JSON.stringify(word)}`);
    }
  }
  let failures = 0;
  for (const trial of TRIALS) {
    if (names.length > 0 && !names.some((name) => trial.name.startsWith(name))) continue;
    if (!(await runTrial(trial, { ...numbers, count: numbers.count || trial.count }))) failures++;
  }
  return failures > 0 ? 1 : 0;
}

function refuse(sentence: string): number {
  console.error(`${sentence}. Usage: ${USAGE}`);
  return 2;
}

async function runTrial(trial: Trial, numbers: Omit<TrialContext, 'progress'>): Promise<boolean> {
  const { count, seed } = numbers;
  console.log(`== ${trial.name}, ${count}, seed ${seed}: ${trial.says}`);
  const from = performance.now();
  let toldAt = from;
  const progress = (done: number) => {
    const now = performance.now();
    if (now - toldAt < PROGRESS_MS) return;
    toldAt = now;
    console.error(`${trial.name}: ${done} of ${count}, ${Math.round((now - from) / 1000)} s`);
  };
  try {
    const figures = await trial.run({ ...numbers, progress });
    const seconds = ((performance.now() - from) / 1000).toFixed(1);
    const shown = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
    console.log(`   held in ${seconds} s: ${shown.join(', ')}`);
    return true;
  } catch (error) {
    console.log(`   DID NOT HOLD: ${error instanceof Error ? error.stack : error}`);
    return false;
  }
}

process.exitCode = await main(process.argv.slice(2));
