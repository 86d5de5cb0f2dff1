/**
 * Texts to begin with: captured and written fixtures, every kind of process that lives here now, the traps that kernel text
 * is known for, and what earlier runs found interesting (corpus/, one input a line, in base64).
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { KernelFile } from '../../src/procfs/read.js';
import { FIXTURES } from '../tokenizers/fixtures.js';
import { ROOT } from '../torture/root.js';
import { TRAPS } from './traps.js';

const CORPUS = path.join(ROOT, 'test/fuzz/corpus');
/** Different programs of which live text is taken. */
const MOST_LIVE = 60;

/** All texts of a kernel file, in pieces of at most `most` bytes that begin at a line. */
export function seedsOf(file: KernelFile, most: number): Uint8Array[] {
  const texts = [
    ...FIXTURES.filter((fixture) => fixture.file === file).map(({ bytes }) => bytes),
    ...(TRAPS[file] ?? []).map((text) => Buffer.from(text, 'latin1')),
    ...liveTexts(file),
  ];
  return texts.flatMap((text) => piecesOf(text, most));
}

/** What earlier runs of a target found, as far as it is kept in the repository. */
export function corpusOf(target: string): Uint8Array[] {
  const file = corpusFile(target);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'latin1').split('\n');
  return lines.filter((line) => line !== '').map((line) => Buffer.from(line === '-' ? '' : line, 'base64'));
}

export function corpusFile(target: string): string {
  return path.join(CORPUS, `${target}.base64`);
}

/** Of one process of each name. */
function liveTexts(file: KernelFile): Uint8Array[] {
  const texts = new Map<string, Uint8Array>();
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || texts.size >= MOST_LIVE) continue;
    try {
      const name = readFileSync(`/proc/${pid}/comm`, 'latin1');
      if (!texts.has(name)) texts.set(name, readFileSync(`/proc/${pid}/${file}`));
    } catch {
      // It has gone, or is not ours to read.
    }
  }
  return [...texts.values()];
}

/** The beginning, the end, and what lies between in steps that grow: a text of many thousand lines says much the same. */
function piecesOf(text: Uint8Array, most: number): Uint8Array[] {
  if (text.length <= most) return [text];
  const pieces = [text.subarray(0, most)];
  for (let at = most; at < text.length; at += most * pieces.length) {
    const from = text.indexOf(10, at) + 1;
    if (from > 0) pieces.push(text.subarray(from, from + most));
  }
  return pieces;
}
