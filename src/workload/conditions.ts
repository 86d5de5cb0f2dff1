/**
 * What memory measurements depend on besides the program: the host, its settings and limits, and the variables that allocators
 * read. Two sides that differ in one of them are compared all the same, and told so.
 */
import { readFileSync } from 'node:fs';
import { hostname, release, totalmem } from 'node:os';
import { readVersion } from '../text/package.js';

/** By name; what cannot be read is absent. */
export type Conditions = Readonly<Record<string, string>>;

const FILES = {
  thp: '/sys/kernel/mm/transparent_hugepage/enabled',
  thpDefrag: '/sys/kernel/mm/transparent_hugepage/defrag',
  overcommit: '/proc/sys/vm/overcommit_memory',
  swappiness: '/proc/sys/vm/swappiness',
  addressRandomization: '/proc/sys/kernel/randomize_va_space',
} as const;

const LIMITS = ['Max address space', 'Max data size', 'Max stack size', 'Max resident set', 'Max locked memory'];

const VARIABLES =
  /^(?:MALLOC_\w*|GLIBC_TUNABLES|NODE_OPTIONS|UV_THREADPOOL_SIZE|LD_PRELOAD|JEMALLOC_\w*|TCMALLOC_\w*)$/;
const MORE_VARIABLES =
  /^(?:GOGC|GOMEMLIMIT|GOMAXPROCS|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|PYTHONMALLOC|OMP_NUM_THREADS)$/;

/** As they are for a program that is started now. */
export function readConditions(): Conditions {
  const files = Object.entries(FILES).map(([name, file]) => [name, chosen(readText(file))] as const);
  const limits = readText('/proc/self/limits') ?? '';
  const status = readText('/proc/self/status') ?? '';
  const variables = Object.entries(process.env).filter(([name]) => VARIABLES.test(name) || MORE_VARIABLES.test(name));
  const all: (readonly [string, string | undefined])[] = [
    ['tidemark', readVersion()],
    ['host', hostname()],
    ['kernel', release()],
    ['architecture', process.arch],
    ['memory', String(totalmem())],
    ['cpusAllowed', /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1]],
    ...files,
    ...LIMITS.map((name) => [`limit ${name.slice(4)}`, limitOf(limits, name)] as const),
    ...variables.map(([name, value]) => [`env ${name}`, value] as const),
  ];
  return Object.fromEntries(all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** One that differs between two sides. */
export interface Difference {
  readonly name: string;
  /** Undefined: not set, or not known. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Those that are told of both sides; a variable that one side does not have is not set there. */
export function differencesOf(before: Conditions, after: Conditions): Difference[] {
  const all = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const areWhole = 'thp' in before && 'thp' in after;
  const names = all.filter((name) => (name in before && name in after) || (areWhole && name.startsWith('env ')));
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ name, before: before[name], after: after[name] }));
}

/** The soft limit. */
function limitOf(limits: string, name: string): string | undefined {
  return limits
    .split('\n')
    .find((line) => line.startsWith(name))
    ?.slice(name.length)
    .trim()
    .split(/\s+/)[0];
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** `always [madvise] never` says which of them it is. */
function chosen(text: string | undefined): string | undefined {
  return text === undefined ? undefined : (/\[(\w+)\]/.exec(text)?.[1] ?? text);
}
