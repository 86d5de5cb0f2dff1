/**
 * Command lines: records of the ring `commands`, one for each program that a process ran.
 *
 * The traps: a process that lives for months is told of once, and the ring overwrites its oldest; so what is about to be
 * lost of the living is told again. And arguments are bytes: where they are not UTF-8 the hex form beside them is the
 * truth.
 */
import { isUtf8 } from 'node:buffer';
import { identityKey } from '../engine/identity.js';
import { internedText } from '../engine/interned.js';
import type { RingWriter } from '../ring/ring-writer.js';
import { COMMANDS_RING } from './format.js';
import { PACKED_BYTES, RecordPacker } from './packed-records.js';
import { isProgramPart, type ProgramPart } from './program-part.js';

/** Type number of the record in its ring. */
export const COMMAND_RECORD = 1;

/** Most bytes of arguments that are kept. */
export const MAX_ARGUMENT_BYTES = 4096;

export interface CommandLine extends ProgramPart {
  readonly pid: number;
  readonly startTicks: number;
  /** In a merged recording: number of the host. */
  readonly source?: number;
}

/** The parts of a record from what the kernel has. */
export function programPart(exe: Uint8Array | undefined, cmdline: Uint8Array | undefined): ProgramPart {
  const args = cmdline && argumentsOf(cmdline.subarray(0, MAX_ARGUMENT_BYTES));
  return {
    ...(exe === undefined ? {} : { exe: textOf(exe), ...(isUtf8(exe) ? {} : { exeHex: hexOf(exe) }) }),
    ...(args === undefined || args.length === 0 ? {} : { args: args.map(textOf) }),
    ...(cmdline === undefined || isUtf8(cmdline) ? {} : { argsHex: hexOf(cmdline.subarray(0, MAX_ARGUMENT_BYTES)) }),
    ...(cmdline !== undefined && cmdline.length > MAX_ARGUMENT_BYTES ? { argsCut: true as const } : {}),
  };
}

/** The arguments in the bytes of `cmdline`. Programs that write over their own may leave no zero. */
export function argumentsOf(cmdline: Uint8Array): Uint8Array[] {
  let end = cmdline.length;
  while (end > 0 && cmdline[end - 1] === 0) end--;
  const args: Uint8Array[] = [];
  for (let at = 0; at < end; ) {
    const zero = cmdline.indexOf(0, at);
    const stop = zero < 0 || zero > end ? end : zero;
    args.push(cmdline.subarray(at, stop));
    at = stop + 1;
  }
  return args;
}

export function encodeCommand(command: CommandLine): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(command));
}

/** The command line of a record, or undefined when its type is unknown or its payload damaged. */
export function decodeCommand(type: number, payload: Uint8Array): CommandLine | undefined {
  if (type !== COMMAND_RECORD) return undefined;
  try {
    const command = JSON.parse(new TextDecoder().decode(payload)) as Partial<CommandLine> | null;
    const isSound =
      typeof command?.pid === 'number' && typeof command.startTicks === 'number' && isProgramPart(command);
    return isSound ? (command as CommandLine) : undefined;
  } catch {
    return undefined;
  }
}

const AGE_NS = 1_000_000_000n;

interface Living {
  readonly pid: number;
  readonly startTicks: number;
  readonly source?: number | undefined;
}

interface Told extends Living {
  /** What follows in the text of the record: the same string for all that run the same. */
  readonly rest: string;
  /** Number of the block that it is in, or of a later one; of what is not flushed infinite. */
  block: number;
}

/** The writing end: tells each command line once, and again before it would be overwritten while its process lives. */
export class CommandWriter {
  readonly #ring: RingWriter;
  readonly #id: number;
  /** In the order of their telling. By pid, a key that takes no memory, or by process where another has that pid. */
  readonly #living = new Map<number | string, Told>();
  readonly #packer: RecordPacker;
  /** Whether what is told waits for no others. */
  isUrgent = false;
  /** What is not flushed. */
  #told: Told[] = [];

  constructor(ring: RingWriter) {
    this.#ring = ring;
    this.#id = ring.rings.findIndex(({ name }) => name === COMMANDS_RING);
    this.#packer = new RecordPacker(ring, this.#id);
  }

  write(timeNs: bigint, command: CommandLine): void {
    if (this.#id < 0) return;
    const { pid, startTicks, source, ...program } = command;
    const line = {
      pid,
      startTicks,
      source,
      rest: internedText(JSON.stringify(program)),
      block: Number.POSITIVE_INFINITY,
    };
    this.#tell(timeNs, line, recordText(line));
    if (this.#packer.bytes >= PACKED_BYTES) this.flush();
    this.#tellAgain(timeNs);
  }

  /** Stores what was told, once some of it is a second old or urgent: many command lines together deflate best. */
  flushOld(nowNs: bigint): void {
    const { firstNs } = this.#packer;
    if (firstNs !== undefined && (this.isUrgent || nowNs - firstNs >= AGE_NS)) this.flush();
  }

  /** Stores what was told since. */
  flush(): void {
    this.isUrgent = false;
    if (this.#told.length === 0) return;
    this.#packer.flush();
    const { block } = this.#ring.recordRoom(this.#id);
    for (const line of this.#told) line.block = block;
    this.#told = [];
  }

  depart(process: Living): void {
    if (isSame(this.#living.get(process.pid), process)) this.#living.delete(process.pid);
    this.#living.delete(identityKey(process));
  }

  #tell(timeNs: bigint, line: Told, text: string): void {
    this.#packer.add(timeNs, COMMAND_RECORD, new TextEncoder().encode(text));
    this.#told.push(line);
    this.depart(line);
    this.#living.set(this.#living.has(line.pid) ? identityKey(line) : line.pid, line);
  }

  /** At most half a block of them at a time: what does not fit into the ring cannot be kept in it. */
  #tellAgain(timeNs: bigint): void {
    let room = this.#ring.blockBytes / 2;
    for (const line of this.#living.values()) {
      if (line.block >= this.#ring.recordRoom(this.#id).oldest) return;
      const text = recordText(line);
      room -= text.length;
      if (room < 0) return;
      this.#tell(timeNs, { ...line, block: Number.POSITIVE_INFINITY }, text);
      if (this.#packer.bytes >= PACKED_BYTES) this.flush();
    }
  }
}

function isSame(line: Told | undefined, { pid, startTicks, source }: Living): boolean {
  return line?.pid === pid && line.startTicks === startTicks && line.source === source;
}

function recordText({ pid, startTicks, source, rest }: Told): string {
  const head = JSON.stringify({ pid, startTicks, source });
  return rest === '{}' ? head : `${head.slice(0, -1)},${rest.slice(1)}`;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
