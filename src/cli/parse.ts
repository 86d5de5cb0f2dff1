/**
 * `tidemark parse KIND FILE|-`: captured kernel text as JSON.
 *
 * The trap: the text is from another host and another day. What cannot be read in it is counted and said, the rest is
 * printed; pages and ticks are counted in that host's units, which the text itself does not tell.
 */
import { fstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { chooseEngine, type EngineChoice } from '../engine/choose.js';
import { nativeBinding } from '../engine/native-binding.js';
import { type MapsText, parseMaps, parseSmaps, parseSmapsRollup } from '../procfs/mapping-objects.js';
import { KernelTextError } from '../procfs/object-values.js';
import { KERNEL_FILES, type KernelFile } from '../procfs/read.js';
import { parseStat, parseStatm, parseStatus } from '../procfs/stat-objects.js';
import { type Tokenizers, typescriptTokenizers } from '../procfs/tokenizers.js';
import { escapeTerminal } from '../text/escape.js';
import { CommandError, exitCodeOf, reasonOf } from './command-error.js';
import { oneOf } from './option-values.js';
import {
  clockTicksOption,
  type EngineOption,
  engineOption,
  type HostUnitOptions,
  hostUnitsOf,
  jsonOption,
  pageSizeOption,
  readValue,
} from './options.js';
import { warn, writeJson } from './output.js';

type ParseOptions = EngineOption & HostUnitOptions;

export function configure(command: Command): void {
  const parseKind = oneOf('a kernel file', KERNEL_FILES);
  command
    .argument('<kind>', KERNEL_FILES.join(', '), (text: string) => readValue('KIND', text, parseKind))
    .argument('<file>', 'the text, - for stdin')
    .addOption(engineOption())
    .addOption(pageSizeOption())
    .addOption(clockTicksOption())
    .addOption(jsonOption())
    .action((kind: KernelFile, file: string, options: ParseOptions) => parseFile(kind, file, options));
}

async function parseFile(kind: KernelFile, file: string, options: ParseOptions): Promise<void> {
  const tokenizers = tokenizersOf(options.engine);
  const name = file === '-' ? 'stdin' : `"${escapeTerminal(file)}"`;
  const text = await readText(file).catch((error) => {
    throw new CommandError(`${name}: ${reasonOf(error)}`, exitCodeOf(error));
  });
  const parsed = parseKind(kind, text, tokenizers, options, name);
  await writeJson(parsed);
  const counted = parsed.kind === 'maps' || parsed.kind === 'smaps' ? (parsed as MapsText).totals : parsed;
  for (const sentence of problemsIn(text, counted)) {
    warn('parse', `${name}: ${sentence}`);
  }
}

function tokenizersOf(choice: EngineChoice): Tokenizers {
  if (chooseEngine(choice).name === 'ts') return typescriptTokenizers;
  const binding = nativeBinding();
  return binding.state === 'loaded' ? binding.tokenizers : typescriptTokenizers;
}

async function readText(file: string): Promise<Uint8Array> {
  if (file !== '-') return readFile(file);
  // Node takes a folder as stdin for an empty one.
  if (fstatSync(process.stdin.fd).isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parseKind(kind: KernelFile, text: Uint8Array, tokenizers: Tokenizers, options: ParseOptions, name: string) {
  try {
    switch (kind) {
      case 'maps':
        return parseMaps(text, tokenizers);
      case 'smaps':
        return parseSmaps(text, tokenizers);
      case 'smaps_rollup':
        return parseSmapsRollup(text, tokenizers);
      case 'stat':
        return parseStat(text, hostUnitsOf(options), tokenizers);
      case 'statm':
        return parseStatm(text, hostUnitsOf(options), tokenizers);
      case 'status':
        return parseStatus(text, tokenizers);
    }
  } catch (error) {
    if (error instanceof KernelTextError) throw new CommandError(`${name}: ${error.message}`);
    throw error;
  }
}

/** What the reader of the JSON should know about the text, as sentences. */
function problemsIn(text: Uint8Array, counted: object): string[] {
  // Only a text of mappings can be empty and still be parsed.
  if (text.length === 0) return ['is empty, as of a process without memory of its own or one that has replaced itself'];
  const { malformedLines, firstMalformedOffset, unterminated } = counted as {
    malformedLines?: number;
    firstMalformedOffset?: number | undefined;
    unterminated?: true;
  };
  const sentences: string[] = [];
  if (malformedLines) {
    const lines = malformedLines === 1 ? '1 line' : `${malformedLines} lines`;
    const where = firstMalformedOffset === undefined ? '' : `, the first at byte ${firstMalformedOffset}`;
    sentences.push(`${lines} could not be read${where}`);
  }
  if (unterminated) sentences.push('does not end with a newline, so its last line may be cut');
  return sentences;
}
