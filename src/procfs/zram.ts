/**
 * `/sys/block/zram*` `/mm_stat`: what compressed block devices in RAM hold and take, mostly of swapped-out memory.
 *
 * The traps: devices come and go while the host runs; one that nobody has set up yet reads as zeros, which is true; and a
 * host without any has no such memory, but nothing says so, since the driver may just not be loaded.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { readBoundedText } from './bounded-file.js';

/** Sums over all devices, in bytes. */
export interface ZramSums {
  /** As large as it was. */
  readonly stored: number;
  readonly compressed: number;
  /** RAM that the devices take, with what they lose between pieces. */
  readonly used: number;
}

/** Parses the `mm_stat` of one device; undefined when it has another form. */
export function parseZram(text: string): ZramSums | undefined {
  const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s/.exec(text);
  if (!found) return undefined;
  return { stored: Number(found[1]), compressed: Number(found[2]), used: Number(found[3]) };
}

/** Reads and adds up all devices of a sysfs tree; undefined when there is none that tells. */
export function readZram(sysfsRoot: string): ZramSums | undefined {
  let sums: ZramSums | undefined;
  for (const name of zramDevices(sysfsRoot)) {
    const one = attempt(() => parseZram(readBoundedText(path.join(sysfsRoot, 'block', name, 'mm_stat'))));
    if (!one) continue;
    const { stored, compressed, used } = sums ?? { stored: 0, compressed: 0, used: 0 };
    sums = { stored: stored + one.stored, compressed: compressed + one.compressed, used: used + one.used };
  }
  return sums;
}

function zramDevices(sysfsRoot: string): string[] {
  return attempt(() => readdirSync(path.join(sysfsRoot, 'block')).filter((name) => /^zram\d+$/.test(name))) ?? [];
}

/** A device may go between the list and its read. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
