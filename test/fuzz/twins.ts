/**
 * The same bytes for the tokenizers in C++ and in TypeScript: what libFuzzer found interesting in the one, as it is and with
 * more done to it, must be read alike by both.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { KERNEL_FILES, type KernelFile } from '../../src/procfs/read.js';
import { differenceOf, PADDINGS } from '../tokenizers/compare.js';
import { edit, place } from '../tokenizers/edits.js';
import { statRowDifference } from '../tokenizers/stat-row-compare.js';
import { Finding, type FuzzContext, type FuzzFigures } from './fuzz-target.js';
import { runProperty } from './property-run.js';
import { corpusOf, seedsOf } from './seeds.js';

/** `stat_rows` is `stat` as a sweep over many processes reads it. */
export type Twin = KernelFile | 'stat_rows';
export const TWINS: readonly Twin[] = [...KERNEL_FILES, 'stat_rows'];

const MOST_BYTES = 2048;
/** Rows of the tables that are filled; one that is too small is given up by both. */
const ROWS = [8, 24, 104];

/** `found`: the folder of long runs of libFuzzer, if there were any. */
export async function runTwins(twin: Twin, context: FuzzContext, found?: string): Promise<FuzzFigures> {
  const texts = textsOf(twin, found);
  for (const text of texts) {
    for (let turn = 0; turn < PADDINGS.length; turn++) check(twin, text, turn, ROWS[turn % ROWS.length]!);
  }
  const changed = fc
    .tuple(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 5 }))
    .map(([text, edits]) => edits.reduce<Buffer>((text, change) => change(text), Buffer.from(text)));
  const inputs = fc.tuple(changed, place, fc.constantFrom(...ROWS));
  const figures = await runProperty(
    `twins-${twin}`,
    inputs,
    ([text, turn, rows]) => check(twin, text, turn, rows),
    context,
    ([text, turn, rows]) => `${JSON.stringify(text.toString('latin1'))}, turn ${turn}, rows ${rows}`,
  );
  return { ...figures, executions: figures.executions + texts.length * PADDINGS.length, kept: texts.length };
}

function check(twin: Twin, text: Uint8Array, turn: number, rows: number): void {
  const difference =
    twin === 'stat_rows'
      ? statRowDifference(text, PADDINGS[turn % PADDINGS.length]!)
      : differenceOf(twin, text, turn, rows);
  if (difference === undefined) return;
  throw new Finding(
    `${difference} on ${JSON.stringify(Buffer.from(text).toString('latin1'))}, turn ${turn}, rows ${rows}`,
  );
}

function textsOf(twin: Twin, found: string | undefined): Uint8Array[] {
  const folder = found === undefined ? undefined : path.join(found, twin, 'corpus');
  const files = folder !== undefined && existsSync(folder) ? readdirSync(folder) : [];
  const file = twin === 'stat_rows' ? 'stat' : twin;
  return [
    ...corpusOf(twin),
    ...seedsOf(file, MOST_BYTES),
    ...files.map((name) => readFileSync(path.join(folder!, name))),
  ];
}
