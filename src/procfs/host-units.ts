/**
 * The page size and the clock tick of a host.
 *
 * The trap: they belong to the host that produced a text, not to the one that reads it. They are in the
 * auxiliary vector of every process; where that cannot be read or was not captured, the page size follows from one
 * process's `statm` (pages) against its `status` (kB).
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { HostUnits } from '../schema.js';
import { readBounded } from './bounded-file.js';
import { halvesToNumber } from './digits.js';
import { pad } from './padding.js';
import { StatmValues, tokenizeStatm } from './statm.js';
import { StatusColumn, StatusValues, tokenizeStatus } from './status.js';

const AT_PAGESZ = 6n;
const AT_CLKTCK = 17n;

/** Bytes of each file, of which a tree of many processes may have many without an end. A vector has some 400. */
const MOST_VECTOR = 16_384;
const MOST_STATM = 1024;
/** A process can be in 65,536 groups, which stand before its memory. */
const MOST_STATUS = 2 ** 20;

/** What nearly every Linux host has, for trees that say nothing. */
const USUAL_CLOCK_TICKS = 100;

let ownUnits: HostUnits | undefined;

/** The units of the host that we run on. Throws when nothing in `/proc` tells. */
export function readHostUnits(): HostUnits {
  ownUnits ??= unitsOf('/proc/self') ?? readTreeUnits('/proc');
  if (!ownUnits) throw new Error('Cannot find out the page size: no process in /proc tells');
  return ownUnits;
}

/** The units of the host whose procfs tree this is, or undefined when nothing in it tells. */
export function readTreeUnits(root: string): HostUnits | undefined {
  for (const pid of processFolders(root)) {
    const units = unitsOf(path.join(root, pid));
    if (units) return units;
  }
  return undefined;
}

/** Why nothing in a tree tells, by its first process; undefined where it has none. */
export function whyNoTreeUnits(root: string): string | undefined {
  for (const pid of processFolders(root)) {
    for (const [file, most] of [
      ['auxv', MOST_VECTOR],
      ['statm', MOST_STATM],
      ['status', MOST_STATUS],
    ] as const) {
      const name = path.join(root, pid, file);
      try {
        if (readBounded(name, most).length === 0) return `${name} is empty`;
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        // A captured tree need not have all of them.
        if (code !== 'ENOENT') return message;
      }
    }
    return `what ${path.join(root, pid)} tells is no text of a kernel`;
  }
  return undefined;
}

/** By the files of one process. Its auxiliary vector is closed even to itself when it has changed its user. */
function unitsOf(folder: string): HostUnits | undefined {
  const fromAuxv = attempt(() => unitsFromAuxv(readBounded(path.join(folder, 'auxv'), MOST_VECTOR)));
  if (fromAuxv) return fromAuxv;
  const pageSize = attempt(() => pageSizeFromSizes(folder));
  return pageSize ? { pageSize, clockTicksPerSecond: USUAL_CLOCK_TICKS } : undefined;
}

function processFolders(root: string): string[] {
  return attempt(() => readdirSync(root).filter((name) => /^[1-9]\d*$/.test(name))) ?? [];
}

function unitsFromAuxv(bytes: Uint8Array): HostUnits | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let pageSize = 0;
  let clockTicksPerSecond = 0;
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const type = view.getBigUint64(at, true);
    if (type === AT_PAGESZ) pageSize = Number(view.getBigUint64(at + 8, true));
    if (type === AT_CLKTCK) clockTicksPerSecond = Number(view.getBigUint64(at + 8, true));
  }
  return isPageSize(pageSize) && clockTicksPerSecond > 0 ? { pageSize, clockTicksPerSecond } : undefined;
}

function pageSizeFromSizes(folder: string): number | undefined {
  const statm = pad(readBounded(path.join(folder, 'statm'), MOST_STATM));
  const pages = new StatmValues();
  if (!tokenizeStatm(statm.bytes, statm.length, pages)) return undefined;
  const status = pad(readBounded(path.join(folder, 'status'), MOST_STATUS));
  const sizes = new StatusValues();
  tokenizeStatus(status.bytes, status.length, sizes);
  const pageSize = sizes.fields[StatusColumn.vmSize]! / halvesToNumber(pages.halves, 0);
  return isPageSize(pageSize) ? pageSize : undefined;
}

function isPageSize(value: number): boolean {
  return Number.isInteger(value) && value >= 4096 && value <= 1 << 24 && (value & (value - 1)) === 0;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
