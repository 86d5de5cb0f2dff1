/**
 * The name of the terminal that a process is on, from the device number in its `stat`.
 *
 * The trap: a number says which driver, not which file. The driver's line in `/proc/tty/drivers` gives the name, and
 * the device file must exist and have that very number, or it is the terminal of another container. Where no driver
 * fits, the link of descriptor 2 and then of 255 (bash keeps its terminal there) may tell. For a tree other than
 * `/proc` there are no device files to ask, so the driver's line alone decides.
 */
import { readlinkSync, statSync } from 'node:fs';
import { readBoundedText } from './bounded-file.js';

interface Driver {
  readonly name: string;
  readonly major: number;
  readonly first: number;
  readonly last: number;
}

export class TtyNames {
  readonly #root: string;
  readonly #names = new Map<number, string | undefined>();
  #drivers: readonly Driver[] | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** The name without `/dev/`, or `?` for none. `device` is field `tty_nr` of `stat`. */
  nameOf(device: number, pid: number): string {
    if (device === 0) return '?';
    if (!this.#names.has(device)) this.#names.set(device, this.#byDriver(device));
    const name = this.#names.get(device) ?? this.#byLink(device, pid, 'fd/2') ?? this.#byLink(device, pid, 'fd/255');
    return name === undefined ? '?' : name.replace(/^\/dev\/(?=.)/, '').replace(/[^!-~]/g, '?');
  }

  #byDriver(device: number): string | undefined {
    const [major, minor] = [majorOf(device), minorOf(device)];
    this.#drivers ??= readDrivers(this.#root);
    const driver = this.#drivers.find((one) => one.major === major && one.first <= minor && minor <= one.last);
    if (this.#root !== '/proc') {
      if (driver === undefined)
        return major >= 136 && major <= 143 ? `/dev/pts/${minor + (major - 136) * 256}` : undefined;
      return driver.name.endsWith('/pts') ? `${driver.name}/${minor}` : `${driver.name}${minor}`;
    }
    const guesses = driver ? [`${driver.name}${minor}`, `${driver.name}/${minor}`, driver.name] : [];
    // The first that exists is the one; when it has another number procps looks no further.
    const found = guesses.find((guess) => deviceOf(guess) !== undefined);
    if (found !== undefined && deviceOf(found) === device) return found;
    const guess = commonName(major, minor);
    return guess !== undefined && deviceOf(guess) === device ? guess : undefined;
  }

  #byLink(device: number, pid: number, link: string): string | undefined {
    if (this.#root !== '/proc') return undefined;
    try {
      const target = readlinkSync(`${this.#root}/${pid}/${link}`);
      return deviceOf(target) === device ? target : undefined;
    } catch {
      return undefined;
    }
  }
}

/** The drivers, the last of the file first, as procps searches them. */
function readDrivers(root: string): Driver[] {
  let text = '';
  try {
    text = readBoundedText(`${root}/tty/drivers`);
  } catch {
    return [];
  }
  const drivers: Driver[] = [];
  for (const line of text.split('\n')) {
    const fields = /\s(\/dev\/\S+)\s+(\d+)\s+(\d+)(?:-(\d+))?/.exec(line);
    if (!fields) continue;
    const [, name, major, first, last] = fields;
    drivers.unshift({ name, major: Number(major), first: Number(first), last: Number(last ?? first) });
  }
  return drivers;
}

/** Names of the usual drivers, for a kernel that lists none. */
function commonName(major: number, minor: number): string | undefined {
  if (major === 4) return minor < 64 ? `/dev/tty${minor}` : `/dev/ttyS${minor - 64}`;
  if (major >= 136 && major <= 143) return `/dev/pts/${minor + (major - 136) * 256}`;
  if (major === 166) return `/dev/ttyACM${minor}`;
  return major === 188 ? `/dev/ttyUSB${minor}` : undefined;
}

function deviceOf(file: string): number | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false })?.rdev;
  } catch {
    return undefined;
  }
}

function majorOf(device: number): number {
  return (device >>> 8) & 0xfff;
}

function minorOf(device: number): number {
  return ((device & 0xff) | ((device >>> 12) & 0xfff00)) >>> 0;
}
