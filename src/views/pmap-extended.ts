/**
 * `pmap -x`: size, RSS and dirty of every mapping, from the text of `smaps`.
 *
 * The traps: a mapping is printed when its `Swap:` comes, so a text without that field prints no mapping; and the name of
 * a line too long for procps' buffer is taken from what the next lines left in that buffer.
 */
import type { ByteWriter } from '../text/byte-writer.js';
import { PIECE, PmapHead, type PmapProcess, pieceEnd, Sum, writeName } from './pmap-head.js';
import { isField, type PmapOptions } from './pmap-lines.js';

const NEWLINE = 10;
const COLON = 58;
const DASH = 45;

const RSS = Buffer.from('Rss');
const SHARED_DIRTY = Buffer.from('Shared_Dirty');
const PRIVATE_DIRTY = Buffer.from('Private_Dirty');
const SWAP = Buffer.from('Swap');

export function writeExtended(out: ByteWriter, text: Uint8Array, about: PmapProcess, options: PmapOptions): void {
  if (!options.quiet) out.ascii('Address           Kbytes     RSS   Dirty Mode  Mapping\n');
  const head = new PmapHead();
  /** What procps' buffer holds, kept only while it matters. */
  const buffer = new Uint8Array(PIECE + 1);
  let isSplit = false;
  let name: number | string | undefined;
  let rss = 0;
  let dirty = 0;
  // A later field of the same name replaces the value of the mapping and adds to the total, as in procps.
  let sharedDirty = 0;
  let privateDirty = 0;
  let totalRss = 0;
  for (let at = 0, end = 0; at < text.length; at = end) {
    end = pieceEnd(text, at, text.length);
    if (isField(text[at]!)) {
      if (isSplit) copyPiece(buffer, text, at, end);
      const colon = at + keyLength(text, at, end);
      const value = colon > at ? valueAt(text, colon + 1, end) : -1;
      if (value < 0) continue;
      if (isKey(text, at, colon, RSS)) {
        rss = value;
        totalRss += value;
      } else if (isKey(text, at, colon, SHARED_DIRTY)) {
        sharedDirty = value;
        dirty += value;
      } else if (isKey(text, at, colon, PRIVATE_DIRTY)) {
        privateDirty = value;
        dirty += value;
      } else if (isKey(text, at, colon, SWAP)) {
        if (name !== undefined) {
          head.writeStart(out);
          out.space();
          head.writeKilobytes(out, 7);
          out.space();
          out.decimal(rss, 7);
          out.space();
          out.decimal(privateDirty + sharedDirty, 7);
          out.space();
          head.writePerms(out, 5);
          out.space();
          writeName(out, name, isSplit ? buffer : head.line);
          out.newline();
        }
        rss = 0;
        sharedDirty = 0;
        privateDirty = 0;
        head.forget();
        name = undefined;
      }
      continue;
    }
    head.parse(text, at, end);
    if (end - at === PIECE && text[end - 1] !== NEWLINE) isSplit = true;
    else if (name === undefined) isSplit = false;
    if (isSplit) copyPiece(buffer, text, at, end);
    if (head.endsBefore(options.range)) continue;
    if (head.startsBehind(options.range)) break;
    head.take(text, at, end);
    if (isSplit) buffer.set(head.line.subarray(0, head.lineLength + 1));
    name = head.name(options, about);
  }
  if (options.quiet) return;
  for (const [width, trailing] of [
    [16, ' '],
    [7, ' '],
    [7, ' '],
    [7, ' \n'],
  ] as const) {
    out.repeat(DASH, width);
    out.ascii(trailing);
  }
  out.ascii('total kB         ');
  head.writeSum(out, 7, Sum.shared, Sum.writeable, Sum.readOnly);
  out.space();
  out.decimal(totalRss, 7);
  out.space();
  out.decimal(dirty, 7);
  out.newline();
}

function copyPiece(buffer: Uint8Array, text: Uint8Array, from: number, to: number): void {
  buffer.set(text.subarray(from, to));
  buffer[to - from] = 0;
}

/** Bytes of the key at `from`; 0 when it has no colon or is longer than any that matters. */
function keyLength(text: Uint8Array, from: number, to: number): number {
  const most = Math.min(to, from + 21);
  for (let at = from; at < most; at++) if (text[at] === COLON) return at - from;
  return 0;
}

function isKey(text: Uint8Array, from: number, to: number, key: Uint8Array): boolean {
  if (to - from !== key.length) return false;
  for (let index = 0; index < key.length; index++) if (text[from + index] !== key[index]) return false;
  return true;
}

/** The decimal number behind blanks, or -1. */
function valueAt(text: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (text[at] === 32 || text[at] === 9)) at++;
  let value = -1;
  for (; at < to && text[at]! >= 48 && text[at]! <= 57; at++) value = Math.max(value, 0) * 10 + text[at]! - 48;
  return value;
}
