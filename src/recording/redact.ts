/**
 * Takes names, paths and arguments out of a recording and puts pseudonyms in their place: what was equal stays equal, and
 * nothing of the original is left.
 *
 * The traps: a hash of a name alone is no secret, since anybody can hash all names that there are; so the key is drawn
 * anew for each recording and kept nowhere. And what this version does not know may hold a name: it is left out.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { decodeIdentity, encodeIdentity } from '../engine/identity.js';
import { shown } from '../text/shown.js';
import type { CommandLine } from './commands.js';
import { nameParts, type TideEvent } from './events.js';
import type { RecordingMetadata } from './format.js';
import type { ProgramPart } from './program-part.js';

export const REDACTABLE = ['args', 'paths', 'comm'] as const;
export type Redactable = (typeof REDACTABLE)[number];

const DIGITS = 12;
const HIDDEN = '(redacted)';
const DELETED = ' (deleted)';
/** Names of the kernel's own that say nothing of anybody. */
const KERNEL_NAME =
  /^(?:\[(?!anon)[\w:.]*\]|\/dev\/zero(?: \(deleted\))?|\/SYSV[0-9a-f]{8}(?: \(deleted\))?|\/\[aio\](?: \(deleted\))?|)$/;
const NAMED_BY_PROGRAM = /^(\[anon(?:_shmem)?:|\/memfd:)(.*?)(\]| \(deleted\))$/s;

export class Redactor {
  readonly #what: ReadonlySet<Redactable>;
  readonly #key = randomBytes(32);

  /** Throws a TypeError for what cannot be redacted, and for nothing at all: it would be left in clear text. */
  constructor(what: Iterable<Redactable>) {
    this.#what = new Set(checkRedactable(what));
  }

  /** The label of a slot. */
  label(label: Uint8Array): Uint8Array {
    const identity = decodeIdentity(label);
    if (!identity) return label;
    return encodeIdentity(this.#what.has('comm') ? { ...identity, comm: this.#bytes(identity.comm) } : identity);
  }

  event(event: TideEvent): TideEvent {
    if (event.type === 'arrive' || event.type === 'rename' || event.type === 'exec') {
      const { comm, commHex, ...rest } = event;
      const named = this.#what.has('comm')
        ? nameParts(this.#bytes(bytesOf(comm, commHex)))
        : nameParts(bytesOf(comm, commHex));
      return event.type === 'exec'
        ? ({ ...this.#withoutProgram(rest), ...named, ...this.program(event) } as TideEvent)
        : ({ ...rest, ...named } as TideEvent);
    }
    if (event.type === 'groupLimit') return { ...event, path: this.#group(event.path) };
    if (isNamed(event)) {
      const { comm, commHex, ...rest } = event;
      const bytes = bytesOf(comm, commHex);
      const group = event.type === 'processLimit' && event.group ? { group: this.#group(event.group) } : {};
      return { ...rest, ...group, ...nameParts(this.#what.has('comm') ? this.#bytes(bytes) : bytes) } as TideEvent;
    }
    if (event.type === 'audit') {
      const { detail: _, ...rest } = event;
      return rest;
    }
    return event;
  }

  command(command: CommandLine): CommandLine {
    const { pid, startTicks, source } = command;
    return { pid, startTicks, ...(source === undefined ? {} : { source }), ...this.program(command) };
  }

  program({ exe, exeHex, args, argsHex, argsCut }: ProgramPart): ProgramPart {
    const hasPaths = this.#what.has('paths');
    const hidesArgs = this.#what.has('args') || hasPaths;
    return {
      ...(exe === undefined
        ? {}
        : hasPaths
          ? { exe: this.#path(bytesOf(exe, exeHex)) }
          : { exe, ...(exeHex ? { exeHex } : {}) }),
      ...(args === undefined ? {} : { args: args.map((arg) => this.#argument(arg)) }),
      ...(argsHex === undefined || hidesArgs ? {} : { argsHex }),
      ...(argsCut ? { argsCut } : {}),
    };
  }

  /** The name of a mapping, in latin1. */
  mapping(name: string): string {
    if (!this.#what.has('paths') || KERNEL_NAME.test(name)) return name;
    const own = NAMED_BY_PROGRAM.exec(name);
    if (own) return `${own[1]}${this.#pseudonym(Buffer.from(own[2]!, 'latin1'))}${own[3]}`;
    if (!name.startsWith('/')) return name.startsWith('[') ? `[${this.#pseudonym(Buffer.from(name, 'latin1'))}]` : name;
    return this.#path(Buffer.from(name, 'latin1'));
  }

  metadata(metadata: RecordingMetadata): RecordingMetadata {
    const { target, procfs, engine } = metadata;
    const hasPaths = this.#what.has('paths');
    return {
      ...metadata,
      target: /^(?:host|pids [\d,]+|tree \d+)$/.test(target) ? target : `${target.split(' ', 1)[0]} ${HIDDEN}`,
      procfs: hasPaths && procfs !== '/proc' ? HIDDEN : procfs,
      engine: hasPaths ? { ...engine, reason: HIDDEN } : engine,
    };
  }

  #argument(arg: string): string {
    const hides = this.#what.has('args') || (this.#what.has('paths') && arg.includes('/'));
    return hides ? this.#pseudonym(Buffer.from(arg)) : arg;
  }

  /** A path as a whole; that it is a library or was deleted stays to be seen, since classes go by it. */
  #path(bytes: Uint8Array): string {
    const text = Buffer.from(bytes).toString('latin1');
    const isDeleted = text.endsWith(DELETED);
    const path = isDeleted ? text.slice(0, -DELETED.length) : text;
    const suffix = /\.so(?:\.[\d.]+)?$/.test(path) ? '.so' : '';
    return `/${this.#pseudonym(Buffer.from(path, 'latin1'))}${suffix}${isDeleted ? DELETED : ''}`;
  }

  /** The path of a control group in raw bytes. */
  groupPath(path: Uint8Array): Uint8Array {
    if (!this.#what.has('paths')) return path;
    const text = Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString('latin1');
    return Buffer.from(text.replace(/[^/]+/g, (part) => this.#pseudonym(Buffer.from(part, 'latin1'))));
  }

  /** The path of a control group: which one is in which other stays to be seen. */
  #group(path: string): string {
    if (!this.#what.has('paths')) return path;
    return path.replace(/[^/]+/g, (part) => this.#pseudonym(Buffer.from(part)));
  }

  #bytes(bytes: Uint8Array): Uint8Array {
    return new TextEncoder().encode(this.#pseudonym(bytes));
  }

  #pseudonym(bytes: Uint8Array): string {
    return `p-${createHmac('sha256', this.#key).update(bytes).digest('hex').slice(0, DIGITS)}`;
  }

  #withoutProgram(event: object): object {
    const { exe: _, exeHex: __, args: ___, argsHex: ____, argsCut: _____, ...rest } = event as ProgramPart;
    return rest;
  }
}

/** A text is an iterable of its letters, and is refused as one. */
function checkRedactable(what: unknown): readonly Redactable[] {
  const isList = typeof what === 'object' && what !== null && Symbol.iterator in what;
  const list = isList ? [...(what as Iterable<unknown>)] : [];
  const isRedactable = (one: unknown): one is Redactable => (REDACTABLE as readonly unknown[]).includes(one);
  if (list.length > 0 && list.every(isRedactable)) return list;
  throw new TypeError(
    `Expected what is to be redacted to be an array of one or more of ${REDACTABLE.join(', ')}, got ${shown(what)}`,
  );
}

function bytesOf(text: string, hex: string | undefined): Uint8Array {
  return hex === undefined ? new TextEncoder().encode(text) : Buffer.from(hex, 'hex');
}

const NAMED = ['fork', 'ran', 'exit', 'highWater', 'processLimit'] as const;

/** What tells the name of a process and no program; a mark does when the kernel chose the process to be killed. */
function isNamed(event: TideEvent): event is TideEvent & { type: (typeof NAMED)[number] | 'mark'; comm: string } {
  return (NAMED as readonly string[]).includes(event.type) || (event.type === 'mark' && event.comm !== undefined);
}
