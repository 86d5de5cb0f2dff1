/**
 * How many users are logged in, from the records of utmp(5): what `who`, `uptime` and `top` count.
 *
 * The trap: the size of a record depends on the architecture, since glibc kept 32-bit times on x86-64 for programs of 32
 * bits; the fields that are read here lie at the same offsets everywhere.
 */
import { readFileSync } from 'node:fs';

const UTMP = '/var/run/utmp';
const USER_PROCESS = 7;
const NAME_OFFSET = 44;
const RECORD_BYTES = process.arch === 'x64' ? 384 : 400;

/** Records of users who are logged in; a file that ends within a record ends before it. */
export function countLoggedIn(utmp: Uint8Array, recordBytes: number = RECORD_BYTES): number {
  const view = new DataView(utmp.buffer, utmp.byteOffset, utmp.byteLength);
  let users = 0;
  for (let at = 0; at + recordBytes <= utmp.length; at += recordBytes) {
    if (view.getInt16(at, true) === USER_PROCESS && utmp[at + NAME_OFFSET] !== 0) users++;
  }
  return users;
}

/** The users of this host, or undefined where nothing keeps count. */
export function readLoggedIn(file: string = UTMP): number | undefined {
  try {
    return countLoggedIn(readFileSync(file));
  } catch {
    return undefined;
  }
}
