/**
 * Which processes a recording is about.
 *
 * The traps: a pid given by a user means the process that has it now, and nobody who gets it later; a program's name,
 * path and arguments change with exec, so "does not match" is true only for now; a child that is adopted by another
 * parent still belongs to the tree that it came from.
 */
import path from 'node:path';
import { identityKey, type ProcessIdentity } from '../engine/identity.js';
import { shown } from '../text/shown.js';
import { cgroupsOf, type MatchSubject, pidNamespaceOf, subjectOf, userOf } from './target-facts.js';

export type { MatchSubject };

/** What `startRecording` accepts. */
export type Target =
  | 'self'
  | 'self-tree'
  | 'host'
  | { readonly pids: readonly number[] }
  | { readonly tree: number }
  /** The processes below this one and not itself; the recording goes on while there are none. */
  | { readonly descendantsOf: number }
  | { readonly cgroup: string }
  /** Whoever has this effective user. */
  | { readonly uid: number }
  /** Whoever lives in the pid namespace of this number, as `lsns` and `/proc/PID/ns/pid` tell it, and not in one below. */
  | { readonly pidNamespace: number }
  | { readonly match: RegExp; readonly on: MatchSubject };

/** The same in a form that crosses threads and processes. */
export type PlainTarget =
  | { readonly kind: 'host' }
  | { readonly kind: 'pids'; readonly pids: readonly number[] }
  | { readonly kind: 'tree'; readonly pid: number }
  | { readonly kind: 'descendants'; readonly pid: number }
  | { readonly kind: 'cgroup'; readonly path: string }
  | { readonly kind: 'user'; readonly uid: number }
  | { readonly kind: 'namespace'; readonly number: number }
  | { readonly kind: 'match'; readonly source: string; readonly flags: string; readonly on: MatchSubject };

/** The plain form of a target. Throws a TypeError that says what is allowed. */
export function plainTarget(target: Target, selfPid: number): PlainTarget {
  if (target === 'host') return { kind: 'host' };
  if (target === 'self') return { kind: 'pids', pids: [selfPid] };
  if (target === 'self-tree') return { kind: 'tree', pid: selfPid };
  if (typeof target === 'object' && target !== null) {
    if ('pids' in target) {
      if (!Array.isArray(target.pids) || target.pids.length === 0) {
        throw new TypeError(
          `Expected the "target.pids" option to be an array of at least one pid, got ${shown(target.pids)}`,
        );
      }
      for (const pid of target.pids) checkPid('target.pids', pid);
      return { kind: 'pids', pids: [...new Set<number>(target.pids)] };
    }
    if ('tree' in target) return { kind: 'tree', pid: checkPid('target.tree', target.tree) };
    if ('descendantsOf' in target) {
      return { kind: 'descendants', pid: checkPid('target.descendantsOf', target.descendantsOf) };
    }
    if ('cgroup' in target) {
      if (typeof target.cgroup !== 'string' || target.cgroup === '') {
        throw new TypeError(
          `Expected the "target.cgroup" option to be a path such as "/system.slice", got ${shown(target.cgroup)}`,
        );
      }
      return { kind: 'cgroup', path: normalCgroup(target.cgroup) };
    }
    if ('uid' in target) {
      return { kind: 'user', uid: checkNumber('target.uid', target.uid, 'a number of a user') };
    }
    if ('pidNamespace' in target) {
      const number = checkNumber('target.pidNamespace', target.pidNamespace, 'a number of a pid namespace');
      return { kind: 'namespace', number };
    }
    if ('match' in target) {
      const { match, on } = target;
      if (!(match instanceof RegExp)) {
        throw new TypeError(`Expected the "target.match" option to be a RegExp, got ${shown(match)}`);
      }
      if (on !== 'comm' && on !== 'exe' && on !== 'cmdline') {
        throw new TypeError(`Expected the "target.on" option to be "comm", "exe" or "cmdline", got ${shown(on)}`);
      }
      return { kind: 'match', source: match.source, flags: match.flags.replace(/[gy]/g, ''), on };
    }
  }
  throw new TypeError(
    'Expected the "target" option to be "self", "self-tree", "host", { pids }, { tree }, { descendantsOf }, { cgroup }, ' +
      `{ uid }, { pidNamespace } or { match, on }, got ${shown(target)}`,
  );
}

/** The target in words, as it is stored in a recording. */
export function describeTarget(target: PlainTarget): string {
  switch (target.kind) {
    case 'host':
      return 'host';
    case 'pids':
      return `pids ${target.pids.join(',')}`;
    case 'tree':
      return `tree ${target.pid}`;
    case 'descendants':
      return `descendants of ${target.pid}`;
    case 'cgroup':
      return `cgroup ${target.path}`;
    case 'user':
      return `user ${target.uid}`;
    case 'namespace':
      return `pid namespace ${target.number}`;
    case 'match':
      return `${target.on} matches /${target.source}/${target.flags}`;
  }
}

/** Whether processes that start later can belong to the target. */
export function isOpenEnded(target: PlainTarget): boolean {
  return target.kind !== 'pids';
}

/** The pids of a target that none of a table has. */
export function missingOf(target: PlainTarget, table: { has(pid: number): boolean }): number[] {
  return target.kind === 'pids' ? target.pids.filter((pid) => !table.has(pid)) : [];
}

/** Whether no process can belong to the target any more once its last one has gone: a tree grows from its members. */
export function endsWhenEmpty(target: PlainTarget): boolean {
  return target.kind === 'pids' || target.kind === 'tree';
}

/** Decides for one process after the other; remembers what a tree needs. */
export class Selector {
  readonly #target: PlainTarget;
  readonly #root: string;
  readonly #recorderPid: number;
  readonly #isCertain: (pid: number) => boolean;
  readonly #pattern: RegExp | undefined;
  /** Children of members are members. */
  readonly #grows: boolean;
  /** Of such: start time by pid of those that were accepted and live. */
  readonly #members = new Map<number, number>();
  /** Identity of the pids that were asked for, once they have been seen. */
  readonly #resolved = new Map<number, string>();

  /**
   * `recorderPid`: a process that does nothing but record; it belongs to no tree, cgroup or match of its user's.
   * `isCertain`: of whom the kernel has said that they belong, which stands where procfs does not tell us.
   */
  constructor(target: PlainTarget, root: string, recorderPid = 0, isCertain: (pid: number) => boolean = () => false) {
    this.#recorderPid = recorderPid;
    this.#isCertain = isCertain;
    this.#target = target;
    this.#root = root;
    this.#grows = target.kind === 'tree' || target.kind === 'descendants';
    // Never seen itself, and the parent of those that are.
    if (target.kind === 'descendants') this.#members.set(target.pid, 0);
    this.#pattern = target.kind === 'match' ? new RegExp(target.source, target.flags) : undefined;
  }

  /** Whether a process with this pid can belong to the target, before anything of it is read. */
  mayAccept(pid: number): boolean {
    if (this.#target.kind === 'pids') return this.#target.pids.includes(pid);
    if (this.#target.kind === 'descendants' && pid === this.#target.pid) return false;
    return this.#target.kind === 'host' || pid !== this.#recorderPid;
  }

  /** Whether the process belongs to the target as it is now; `unread` where what tells that could not be read for once. */
  accepts(identity: ProcessIdentity): boolean | 'unread' {
    const accepted = this.#decide(identity);
    if (accepted === true && this.#grows) this.#members.set(identity.pid, identity.startTicks);
    return accepted;
  }

  /** A process that was accepted has gone. */
  departed(identity: ProcessIdentity): void {
    if (this.#members.get(identity.pid) === identity.startTicks) this.#members.delete(identity.pid);
  }

  #decide(identity: ProcessIdentity): boolean | 'unread' {
    const target = this.#target;
    switch (target.kind) {
      case 'host':
        return true;
      case 'pids':
        return target.pids.includes(identity.pid) && this.#isTheOneMeant(identity);
      case 'tree':
        if (identity.pid === target.pid) return this.#isTheOneMeant(identity);
        return this.#isMember(identity.parentPid, identity.startTicks);
      case 'descendants':
        return this.#isMember(identity.parentPid, identity.startTicks);
      case 'cgroup':
        return cgroupsOf(this.#root, identity.pid).some(
          (cgroup) => cgroup === target.path || cgroup.startsWith(target.path === '/' ? '/' : `${target.path}/`),
        );
      case 'user':
        return (userOf(this.#root, identity.pid) ?? this.#known(identity, target.uid)) === target.uid;
      case 'namespace':
        return (pidNamespaceOf(this.#root, identity.pid) ?? this.#known(identity, target.number)) === target.number;
      case 'match': {
        const subject = subjectOf(target.on, this.#root, identity);
        return subject === undefined ? 'unread' : this.#pattern!.test(subject);
      }
    }
  }

  #known({ pid }: ProcessIdentity, wanted: number): number | undefined {
    return this.#isCertain(pid) ? wanted : undefined;
  }

  /** The first process seen under a pid is the one that was meant. */
  #isTheOneMeant(identity: ProcessIdentity): boolean {
    const key = identityKey(identity);
    const resolved = this.#resolved.get(identity.pid);
    if (resolved === undefined) this.#resolved.set(identity.pid, key);
    return resolved === undefined || resolved === key;
  }

  /** A parent that started after its child is not its parent but somebody with a reused pid. */
  #isMember(pid: number, childStartTicks: number): boolean {
    const startTicks = this.#members.get(pid);
    return startTicks !== undefined && startTicks <= childStartTicks;
  }
}

function normalCgroup(given: string): string {
  const inside = given.replace(/^\/sys\/fs\/cgroup(?=\/|$)/, '');
  return path.posix.normalize(`/${inside}`).replace(/(?<=.)\/$/, '');
}

function checkPid(option: string, pid: unknown): number {
  if (!Number.isInteger(pid) || (pid as number) <= 0 || (pid as number) > 0x7fffffff) {
    throw new TypeError(`Expected the "${option}" option to hold integers from 1 to 2147483647, got ${shown(pid)}`);
  }
  return pid as number;
}

function checkNumber(option: string, value: unknown, what: string): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) >= 2 ** 32) {
    throw new TypeError(`Expected the "${option}" option to be ${what}, got ${shown(value)}`);
  }
  return value as number;
}
