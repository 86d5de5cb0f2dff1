/**
 * Fuzzes for as long as one likes: `npm run fuzz -- [--seconds N] [--seed N] [--list] [--keep] [TARGET ...]`, N seconds for each
 * target. Exit 0 when nothing was found, 1 at a finding, 2 for a wrong command line.
 *
 * `--keep` writes the least inputs that reach as much as all that were found so far to test/fuzz/corpus.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Finding, type FuzzTarget } from './fuzz-target.js';
import { minimize, NATIVE_TARGETS } from './native-targets.js';
import { corpusFile } from './seeds.js';
import { FOLDER, nativeProgram, TARGETS } from './targets.js';

const USAGE = 'npm run fuzz -- [--seconds N] [--seed N] [--list] [--keep] [TARGET ...]';
const DEFAULT_SECONDS = 60;

async function main(words: readonly string[]): Promise<number> {
  const names: string[] = [];
  const numbers = { seconds: DEFAULT_SECONDS, seed: Date.now() % 2 ** 31 };
  let keeps = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '--list') {
      for (const { name, says } of TARGETS) console.log(`${name}: ${says}`);
      return 0;
    }
    if (word === '--keep') {
      keeps = true;
    } else if (word === '--seconds' || word === '--seed') {
      const value = Number(words[++at]);
      if (!Number.isSafeInteger(value) || value < 1) return refuse(`${word} needs a positive integer`);
      numbers[word === '--seconds' ? 'seconds' : 'seed'] = value;
    } else if (TARGETS.some(({ name }) => name === word)) {
      names.push(word);
    } else {
      return refuse(`There is no target ${JSON.stringify(word)}`);
    }
  }
  const chosen = (name: string) => names.length === 0 || names.includes(name);
  if (keeps) {
    for (const target of NATIVE_TARGETS.filter(({ name }) => chosen(name))) await keep(target.name);
    return 0;
  }
  let findings = 0;
  for (const target of TARGETS.filter(({ name }) => chosen(name))) {
    if (!(await run(target, numbers))) findings++;
  }
  return findings > 0 ? 1 : 0;
}

function refuse(sentence: string): number {
  console.error(`${sentence}. Usage: ${USAGE}`);
  return 2;
}

async function run(target: FuzzTarget, numbers: { seconds: number; seed: number }): Promise<boolean> {
  console.log(`== ${target.name}, ${numbers.seconds} s, seed ${numbers.seed}: ${target.says}`);
  try {
    const figures = Object.entries(await target.run(numbers));
    console.log(`   held: ${figures.map(([name, value]) => `${name} ${value}`).join(', ')}`);
    return true;
  } catch (error) {
    console.log(`   DOES NOT HOLD: ${error instanceof Finding ? error.message : (error as Error).stack}`);
    return false;
  }
}

/** Inputs are ordered by size, so that what comes first is the simplest. */
async function keep(name: string): Promise<void> {
  const target = NATIVE_TARGETS.find((one) => one.name === name)!;
  mkdirSync(FOLDER, { recursive: true });
  const into = mkdtempSync(path.join(FOLDER, 'least-'));
  try {
    const least = await minimize(target, await nativeProgram(), FOLDER, into);
    const lines = least
      .map((input) => input.toString('base64') || '-')
      .sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
    mkdirSync(path.dirname(corpusFile(name)), { recursive: true });
    writeFileSync(corpusFile(name), `${lines.join('\n')}\n`);
    console.log(`${name}: ${lines.length} inputs are kept`);
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));
