/**
 * Whether the C library of a program that was started here would take text for UTF-8, which decides what procps shows of
 * a name.
 *
 * The trap: a locale that is named but not installed is no error to a C program: it stays in the C locale.
 */
import { existsSync, readFileSync } from 'node:fs';

const FOLDER = '/usr/lib/locale';

/** By `LC_ALL`, `LC_CTYPE` and `LANG`, the first that is not empty, as setlocale(3) reads them. */
export function isUtf8Locale(env: NodeJS.ProcessEnv = process.env): boolean {
  const name = env.LC_ALL || env.LC_CTYPE || env.LANG || 'C';
  const match = /^([^.@/]+)\.([^@/]+)(@[^/]+)?$/.exec(name);
  if (!match || !/^utf-?8$/i.test(match[2])) return false;
  // Built into the library since glibc 2.35, and installed by Debian everywhere.
  if (match[1] === 'C') return true;
  const installed = `${match[1]}.utf8${match[3] ?? ''}`;
  if (existsSync(`${FOLDER}/${installed}`) || existsSync(`${FOLDER}/${name}`)) return true;
  try {
    return readFileSync(`${FOLDER}/locale-archive`).includes(`${installed}\0`);
  } catch {
    return false;
  }
}
