/**
 * `tidemark segments PID`: what a process's memory is for, by class, from one read of smaps.
 *
 * The trap: smaps is denied where maps is too, and a captured text may be either: the sizes that it lacks are `-`.
 */
import { readlinkSync } from 'node:fs';
import { classifyMappings } from '../analyze/classify.js';
import { MappingTable, tokenizeGrowing } from '../procfs/mapping-table.js';
import { pad } from '../procfs/padding.js';
import { escapeTerminal } from '../text/escape.js';
import { ownersJson, ownersLines } from '../views/owners-table.js';
import { type Segments, segmentsJson, segmentsLines } from '../views/segments-table.js';
import { foundIn, noMapping, refuseNoMaps } from './captured-maps.js';
import { UsageError } from './command-error.js';
import { type DirectCommand, type DirectWords, parseDirectWords } from './direct-command.js';
import { DIRECT_OPTIONS, engineOf, hasSwitch, inputOf, procfsOf } from './direct-options.js';
import { inputName, readInput, tokenizersOf } from './kernel-text.js';
import { parsePid } from './option-values.js';
import { warn, writeJson, writeLines } from './output.js';
import { readProcessBytes, whyNoMemory } from './process-bytes.js';
import { readValue } from './read-value.js';
import { AT_OPTION, atOf, isOfRecording } from './recorded-words.js';
import { isTerminal } from './standard-streams.js';

export const command: DirectCommand = {
  usage: '[options] <pid>',
  options: {
    owners: { help: 'whose anonymous memory is: allocators and runtimes, with the rule that tells' },
    tree: { help: 'list every mapping below its class' },
    procfs: DIRECT_OPTIONS.procfs,
    in: { value: 'file', help: 'a recording, or captured smaps or maps instead of a live process, - for stdin' },
    at: AT_OPTION,
    engine: DIRECT_OPTIONS.engine,
    json: DIRECT_OPTIONS.json,
  },
  notes: ['Sizes are in KiB (bytes in JSON); - where the text does not tell.'],
  run: printSegments,
};

async function printSegments(given: readonly string[]): Promise<void> {
  const words = parseDirectWords(command, given);
  const tree = hasSwitch(words, 'tree');
  const owners = hasSwitch(words, 'owners');
  if (owners && tree) throw new UsageError('--owners and --tree are two tables: give one of them');
  const engine = engineOf(words);
  const { text, exe, about, captured, empty } = await sourceOf(words);
  const { bytes, length } = pad(text);
  const { smaps } = tokenizersOf(engine);
  // The tokenizer of smaps reads maps too: the sizes that it does not find are not measured.
  const table = tokenizeGrowing(smaps, bytes, length, new MappingTable(Math.max(64, length >> 9)));
  if (captured !== undefined) refuseNoMaps(captured, text, foundIn(table));
  const segments: Segments = { table, bytes, classification: classifyMappings(table, bytes, exe) };
  if (hasSwitch(words, 'json')) {
    const status = length === 0 ? 'no-mm' : 'ok';
    const owned = owners ? { owners: ownersJson(segments) } : {};
    await writeJson({ schema: 1, ...about, status, ...segmentsJson(segments, { tree }), ...owned });
  } else if (table.rows > 0) {
    const width = isTerminal() ? { width: process.stdout.columns } : {};
    await writeLines(owners ? ownersLines(segments, width.width) : segmentsLines(segments, { tree, ...width }));
  }
  if (table.rows === 0) return warn('segments', length === 0 ? empty() : 'the text holds no mapping');
  const found = foundIn(table);
  if (captured !== undefined && found.malformedLines) warn('segments', noMapping(captured, text, found));
}

interface Source {
  readonly text: Uint8Array;
  /** What the link `exe` gives, as characters of one byte each. */
  readonly exe?: string;
  /** For JSON: where it comes from. */
  readonly about: {
    readonly pid?: number;
    readonly input?: string;
    readonly timeNs?: string;
    readonly mappingsTimeNs?: string;
  };
  /** How messages name a captured text. */
  readonly captured?: string;
  /** Why there may be nothing in it. */
  readonly empty: () => string;
}

async function sourceOf(words: DirectWords): Promise<Source> {
  const file = inputOf(words);
  const { positionals } = words;
  if (isOfRecording(words)) return recordedSource(words, file!);
  if (file !== undefined) {
    const input = file === '-' ? 'stdin' : escapeTerminal(file);
    const captured = inputName(file);
    return { text: await readInput(file), about: { input }, captured, empty: () => `${captured} is empty` };
  }
  const pid = pidOf(positionals);
  const root = procfsOf(words);
  const exe = readLink(`${root}/${pid}/exe`);
  return {
    text: readProcessBytes(root, pid, 'smaps'),
    ...(exe === undefined ? {} : { exe }),
    about: { pid },
    empty: () => `process ${pid} ${whyNoMemory(root, pid)}`,
  };
}

async function recordedSource(words: DirectWords, file: string): Promise<Source> {
  const pid = pidOf(words.positionals);
  const { exeOf, openInstant, recordedText, tellWhen } = await import('./recorded-instant.js');
  using instant = openInstant('segments', file, atOf(words));
  const recorded = recordedText(instant, pid);
  const exe = exeOf(recorded.program);
  tellWhen('segments', recorded.when);
  return {
    text: recorded.smaps(),
    ...(exe === undefined ? {} : { exe }),
    about: { pid, timeNs: `${recorded.timeNs}`, mappingsTimeNs: `${recorded.readNs}` },
    empty: () => `process ${pid} had no mappings then`,
  };
}

function pidOf(positionals: readonly string[]): number {
  if (positionals.length !== 1) {
    throw new UsageError(`expected one pid, got ${positionals.length === 0 ? 'none' : positionals.length}`);
  }
  return readValue('PID', positionals[0]!, parsePid);
}

/** Undefined where it cannot be read: of another user, or in a captured tree. */
function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
