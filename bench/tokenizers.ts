/**
 * micro/tokenizers: how fast the kernel's text becomes columns, native and TypeScript, against what people write: decode to
 * a string, split into lines, a regular expression per line.
 *
 * The trap: parsers that parse different things. Before anything is timed, all three must find the same mappings with the
 * same PSS in the same bytes.
 */
import { nativeBinding } from '../src/engine/native-binding.js';
import { MappingTable, SmapsColumn, tokenizeGrowing } from '../src/procfs/mapping-table.js';
import type { PaddedText } from '../src/procfs/padding.js';
import { StatValues } from '../src/procfs/stat.js';
import { StatmValues } from '../src/procfs/statm.js';
import { StatusValues } from '../src/procfs/status.js';
import { type Tokenizers, typescriptTokenizers } from '../src/procfs/tokenizers.js';
import { alternate } from './alternate.js';
import type { Bench, BenchContext } from './bench-context.js';
import type { Target } from './finding.js';
import { digits } from './finding-text.js';
import { type RegexMapping, regexMappings, regexStatus, splitStat, splitStatm } from './line-regex.js';
import { captureLiveText, type LiveText } from './live-text.js';
import { spreadOf } from './spread.js';
import { throughputOf } from './throughput.js';

type KernelFile = 'smaps' | 'maps' | 'stat' | 'statm' | 'status';

const atLeast = (value: number): Target => ({ relation: '>=', value, of: 'ours' });
const TARGETS: Partial<Record<string, Target>> = {
  'native smaps': atLeast(4),
  'native maps': atLeast(1.5),
  'ts smaps': atLeast(0.3),
};

export const tokenizers: Bench = {
  name: 'micro/tokenizers',
  summary: 'text to columns in GB/s, against split and a regular expression per line',
  needsZoo: false,
  async run(context) {
    const binding = nativeBinding();
    if (binding.state !== 'loaded') throw new Error(`The addon is not there: ${binding.reason}`);
    const text = await captureLiveText();
    for (const file of ['smaps', 'maps'] as const) checkSameMappings(file, text[file], binding.tokenizers);
    for (const file of ['smaps', 'maps', 'stat', 'statm', 'status'] as const) {
      await compare(context, file, text, binding.tokenizers);
    }
  },
};

async function compare(context: BenchContext, file: KernelFile, text: LiveText, native: Tokenizers): Promise<void> {
  const { bytes, length } = text[file];
  const people = `string and ${file === 'stat' || file === 'statm' ? 'split' : 'regex per line'}`;
  const contestants = [
    throughputOf('native', length, tokenizing(file, text[file], native)),
    throughputOf('ts', length, tokenizing(file, text[file], typescriptTokenizers)),
    throughputOf(people, length, whatPeopleWrite(file, Buffer.from(bytes.buffer, 0, length))),
  ];
  const samples = await alternate(contestants, context.quick ? 3 : 15, 1);
  for (const index of [0, 1]) {
    const { name } = contestants[index]!;
    const target = TARGETS[`${name} ${file}`];
    const nsPerText = length / spreadOf(samples[index]!).median;
    context.report({
      what: `${name} ${file} tokenizer`,
      on: `${length} bytes of ${length < 4096 ? 'one' : 'all'} of ${text.source}`,
      unit: 'GB/s',
      ours: { name, samples: samples[index]! },
      theirs: { name: people, samples: samples[2]! },
      ...(target ? { target } : {}),
      // Of so small a text the call of a tokenizer is a large part, and a sweep makes none per text.
      ...(length < 4096 ? { also: `${name} ${digits(nsPerText)} ns a text, one call each` } : {}),
    });
  }
}

/** One pass over the text, into a result that is reused, as a sweep does. */
function tokenizing(file: KernelFile, { bytes, length }: PaddedText, use: Tokenizers): () => unknown {
  switch (file) {
    case 'smaps':
    case 'maps': {
      const table = tokenizeGrowing(use[file], bytes, length, new MappingTable(1016));
      return () => use[file](bytes, length, table);
    }
    case 'stat': {
      const values = new StatValues();
      return () => use.stat(bytes, length, values);
    }
    case 'statm': {
      const values = new StatmValues();
      return () => use.statm(bytes, length, values);
    }
    case 'status': {
      const values = new StatusValues();
      return () => use.status(bytes, length, values);
    }
  }
}

/** From the bytes that `readFileSync` gave to values, the decoding included, as `readFileSync(path, 'utf8')` does it. */
function whatPeopleWrite(file: KernelFile, bytes: Buffer): () => unknown {
  switch (file) {
    case 'smaps':
    case 'maps':
      return () => regexMappings(bytes.toString('utf8'));
    case 'stat':
      return () => splitStat(bytes.toString('utf8'));
    case 'statm':
      return () => splitStatm(bytes.toString('utf8'));
    case 'status':
      return () => regexStatus(bytes.toString('utf8'));
  }
}

function checkSameMappings(file: 'smaps' | 'maps', { bytes, length }: PaddedText, native: Tokenizers): void {
  const table = (use: Tokenizers) => {
    const { rows, sizes } = tokenizeGrowing(use[file], bytes, length, new MappingTable(1016));
    const pss = file === 'maps' ? [] : sizes[SmapsColumn.pss]!.subarray(0, rows);
    return { rows, pss: sumOf(pss) };
  };
  const regex = (mappings: RegexMapping[]) => {
    const pss = file === 'maps' ? [] : mappings.map(({ sizes }) => sizes.Pss!);
    return { rows: mappings.length, pss: sumOf(pss) };
  };
  const found = [
    table(native),
    table(typescriptTokenizers),
    regex(regexMappings(Buffer.from(bytes.buffer, 0, length).toString('utf8'))),
  ];
  if (found.some(({ rows, pss }) => rows === 0 || rows !== found[0]!.rows || pss !== found[0]!.pss)) {
    throw new Error(`The readers of ${file} do not find the same: ${JSON.stringify(found)}`);
  }
}

function sumOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0);
}
