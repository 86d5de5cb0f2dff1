/**
 * `pmap --json`: the mappings and sums of each process in bytes.
 *
 * The trap: a process that is missing or denied is an entry with its status, never an empty list of mappings.
 */
import type { EngineChoice } from '../engine/choose.js';
import { type Mapping, parseMaps, parseSmaps } from '../procfs/mapping-objects.js';
import type { Tokenizers } from '../procfs/tokenizers.js';
import type { StatusName } from '../schema.js';
import { isUtf8Locale } from '../text/locale.js';
import type { AddressRange } from '../views/pmap-head.js';
import { refuseOtherLines } from './captured-maps.js';
import { inputName, readInput, tokenizersOf } from './kernel-text.js';
import { writeJson } from './output.js';
import { refuseOtherForm } from './pmap-captured.js';
import { aboutProcess, mappingText, PmapExit, sourceOf } from './pmap-source.js';
import type { PmapForm } from './pmap-words.js';

export interface PmapJsonRequest {
  readonly form: PmapForm;
  readonly range: AddressRange;
  readonly root: string;
  readonly file: string | undefined;
  readonly engine: EngineChoice;
  readonly pids: readonly number[];
}

/** Writes the object; returns the exit code. */
export async function writePmapJson(request: PmapJsonRequest): Promise<number> {
  const tokenizers = tokenizersOf(request.engine);
  const source = sourceOf(request.form);
  const processes: object[] = [];
  let exitCode = 0;
  if (request.file !== undefined) {
    const text = await readInput(request.file);
    refuseOtherForm(text, source, inputName(request.file));
    refuseOtherLines(inputName(request.file), text, tokenizers);
    processes.push({ status: 'ok', ...mappingsOf(text, source, tokenizers, request.range) });
  }
  const utf8 = isUtf8Locale();
  for (const pid of request.pids) {
    const about = aboutProcess(request.root, pid, utf8);
    if (about === undefined) {
      exitCode |= PmapExit.missing;
      processes.push({ pid, status: 'gone' });
      continue;
    }
    const named = { pid: about.tgid, title: Buffer.from(about.title).toString('utf8') };
    const text = mappingText(`${request.root}/${about.tgid}/${source}`);
    if (text instanceof Error) {
      exitCode |= PmapExit.denied;
      processes.push({ ...named, status: statusOf(text) });
    } else if (text.length === 0) {
      processes.push({ ...named, status: 'no-mm' });
    } else {
      processes.push({ ...named, status: 'ok', ...mappingsOf(text, source, tokenizers, request.range) });
    }
  }
  await writeJson({ schema: 1, source, processes });
  return exitCode;
}

function statusOf({ code }: NodeJS.ErrnoException): StatusName {
  if (code === 'EACCES' || code === 'EPERM') return 'denied';
  return code === 'ETIMEDOUT' ? 'timeout' : 'unsupported';
}

/** The mappings that touch the range and their sums; `size` is added where the text does not give it. */
export function mappingsOf(text: Uint8Array, source: 'maps' | 'smaps', tokenizers: Tokenizers, range: AddressRange) {
  const parsed = source === 'maps' ? parseMaps(text, tokenizers) : parseSmaps(text, tokenizers);
  const low = addressOf(range.low);
  const high = addressOf(range.high);
  const { mappings: count, unterminated, malformedLines, firstMalformedOffset, ...summed } = parsed.totals;
  const fields = Object.keys({ size: 0, ...summed }) as (keyof typeof summed)[];
  const totals: Record<string, number> = { mappings: 0, ...Object.fromEntries(fields.map((field) => [field, 0])) };
  const mappings: Mapping[] = [];
  let writeablePrivate = 0;
  let shared = 0;
  for (const mapping of parsed.mappings) {
    const start = BigInt(`0x${mapping.start}`);
    const end = BigInt(`0x${mapping.end}`);
    if (end - 1n < low || start > high) continue;
    mapping.size ??= Number(BigInt.asUintN(64, end - start));
    for (const field of fields) totals[field]! += mapping[field] ?? 0;
    if (mapping.perms[3] === 's') shared += mapping.size;
    else if (mapping.perms[1] === 'w') writeablePrivate += mapping.size;
    mappings.push(mapping);
  }
  totals.mappings = mappings.length;
  const problems = {
    ...(unterminated ? { unterminated } : {}),
    ...(malformedLines ? { malformedLines, firstMalformedOffset } : {}),
  };
  return { mappings, totals: { ...totals, writeablePrivate, shared, ...problems } };
}

function addressOf(halves: Uint32Array): bigint {
  return (BigInt(halves[1]!) << 32n) | BigInt(halves[0]!);
}
