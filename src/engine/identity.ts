/**
 * Who a process is.
 *
 * The trap: a pid is reused, within milliseconds on a busy host with a small pid space. A process is its pid together
 * with its start time in clock ticks since boot, on one boot of one host; a bare pid is never an identity.
 */

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between boot and the start of the process; unchanged by exec. */
  readonly startTicks: number;
  /** The parent when the process was first seen; it changes when a process is adopted. */
  readonly parentPid: number;
  readonly kernelThread: boolean;
  /** Raw bytes of the name: 15 for a program, up to 63 for a kernel worker. Hostile, and not always UTF-8. */
  readonly comm: Uint8Array;
  /** In a recording merged of several: the number of the host and boot that it belongs to. */
  readonly source?: number;
}

/** Longest name that is kept, in bytes. */
export const MAX_COMM = 64;

const FIXED_BYTES = 18;
const KERNEL_THREAD = 1;
const HAS_SOURCE = 2;
const SOURCE_BYTES = 2;

/**
 * The label under which a ring stores a slot's process, little-endian: u32 pid, u64 start ticks, u32 parent, u8 flags
 * (1: kernel thread, 2: the number of its host follows), u8 length of the name, the name, then u16 number of the host.
 */
export function encodeIdentity(identity: ProcessIdentity): Uint8Array {
  const comm = identity.comm.subarray(0, MAX_COMM);
  const hasSource = identity.source !== undefined;
  const label = new Uint8Array(FIXED_BYTES + comm.length + (hasSource ? SOURCE_BYTES : 0));
  const view = new DataView(label.buffer);
  view.setUint32(0, identity.pid, true);
  view.setBigUint64(4, BigInt(identity.startTicks), true);
  view.setUint32(12, identity.parentPid, true);
  label[16] = (identity.kernelThread ? KERNEL_THREAD : 0) | (hasSource ? HAS_SOURCE : 0);
  label[17] = comm.length;
  label.set(comm, FIXED_BYTES);
  if (hasSource) view.setUint16(FIXED_BYTES + comm.length, identity.source!, true);
  return label;
}

/** The identity in a label, or undefined when it is damaged; its name is a view of the label. Bytes after that are left to later versions. */
export function decodeIdentity(label: Uint8Array): ProcessIdentity | undefined {
  if (label.length < FIXED_BYTES || label.length < FIXED_BYTES + label[17]!) return undefined;
  const view = new DataView(label.buffer, label.byteOffset, label.byteLength);
  const end = FIXED_BYTES + label[17]!;
  return {
    pid: view.getUint32(0, true),
    startTicks: Number(view.getBigUint64(4, true)),
    parentPid: view.getUint32(12, true),
    kernelThread: (label[16]! & KERNEL_THREAD) !== 0,
    comm: label.subarray(FIXED_BYTES, end),
    ...((label[16]! & HAS_SOURCE) !== 0 && label.length >= end + SOURCE_BYTES
      ? { source: view.getUint16(end, true) }
      : {}),
  };
}

/** One string per process, the same for the same process only: `pid:startTicks`, in a merged recording with the host. */
export function identityKey(identity: {
  readonly pid: number;
  readonly startTicks: number;
  readonly source?: number | undefined;
}): string {
  const { pid, startTicks, source } = identity;
  return source === undefined ? `${pid}:${startTicks}` : `${pid}:${startTicks}@${source}`;
}
