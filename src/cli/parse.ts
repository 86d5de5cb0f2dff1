/**
 * `tidemark parse KIND FILE|-`: captured kernel text as JSON.
 *
 * The trap: the text is from another host and another day. What cannot be read in it is counted and said, the rest is
 * printed; pages and ticks are counted in that host's units, which the text itself does not tell.
 */
import type { Command } from 'commander';
import { type MapsText, parseMaps, parseSmaps, parseSmapsRollup } from '../procfs/mapping-objects.js';
import { KernelTextError } from '../procfs/object-values.js';
import { KERNEL_FILES, type KernelFile } from '../procfs/read.js';
import { parseStat, parseStatm, parseStatus } from '../procfs/stat-objects.js';
import type { Tokenizers } from '../procfs/tokenizers.js';
import { refuseNoMaps } from './captured-maps.js';
import { CommandError } from './command-error.js';
import { type HostUnitOptions, hostUnitsOf } from './host-unit-options.js';
import { inputName, readInput, tokenizersOf } from './kernel-text.js';
import { oneOf } from './option-values.js';
import { clockTicksOption, type EngineOption, engineOption, jsonOption, pageSizeOption } from './options.js';
import { warn, writeJson } from './output.js';
import { readValue } from './read-value.js';

type ParseOptions = EngineOption & HostUnitOptions;

export function configure(command: Command): void {
  const parseKind = oneOf('a kernel file', KERNEL_FILES);
  command
    .argument(
      '<kind>',
      KERNEL_FILES.join(', '),
      Object.assign((text: string) => readValue('KIND', text, parseKind), { words: KERNEL_FILES }),
    )
    .argument('<file>', 'the text, - for stdin')
    .addOption(engineOption())
    .addOption(pageSizeOption())
    .addOption(clockTicksOption())
    .addOption(jsonOption())
    .action((kind: KernelFile, file: string, options: ParseOptions) => parseFile(kind, file, options));
}

async function parseFile(kind: KernelFile, file: string, options: ParseOptions): Promise<void> {
  const tokenizers = tokenizersOf(options.engine);
  const name = inputName(file);
  const text = await readInput(file);
  const parsed = parseKind(kind, text, tokenizers, options, name);
  const isOfMappings = parsed.kind === 'maps' || parsed.kind === 'smaps';
  const counted = isOfMappings ? (parsed as MapsText).totals : parsed;
  if (isOfMappings) refuseNoMaps(name, text, (parsed as MapsText).totals);
  await writeJson(parsed);
  for (const sentence of problemsIn(text, counted)) {
    warn('parse', `${name}: ${sentence}`);
  }
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
