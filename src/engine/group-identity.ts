/**
 * Which control group a row is of.
 *
 * The traps: a group that is removed and made again has the same path and is another, and the number of a group (the inode of
 * its folder) is used again after a reboot: so a group is its hierarchy, path and number together. Its path comes from
 * outside, and is not always UTF-8.
 */

/** Version 1 has a hierarchy for each controller, of which memory's is meant; version 2 has one for all. */
export type GroupHierarchy = 1 | 2;

export interface GroupIdentity {
  readonly hierarchy: GroupHierarchy;
  /** The inode of the group's folder. */
  readonly inode: bigint;
  /** From the root of the hierarchy on, as it is mounted: `/` is the root itself. Raw bytes. */
  readonly path: Uint8Array;
  /** In a recording merged of several: the number of the host and boot that it belongs to. */
  readonly source?: number;
}

/** Longest path that is kept, in bytes. */
export const MAX_GROUP_PATH = 4096;

const FIXED_BYTES = 12;
const HAS_SOURCE = 2;
const SOURCE_BYTES = 2;

/**
 * The label under which a ring stores a slot's group, little-endian: u8 hierarchy, u8 flags (2: the number of its host
 * follows), u64 inode, u16 length of the path, the path, then u16 number of the host.
 */
export function encodeGroup({ hierarchy, inode, path, source }: GroupIdentity): Uint8Array {
  const kept = path.subarray(0, MAX_GROUP_PATH);
  const end = FIXED_BYTES + kept.length;
  const label = new Uint8Array(end + (source === undefined ? 0 : SOURCE_BYTES));
  const view = new DataView(label.buffer);
  label[0] = hierarchy;
  label[1] = source === undefined ? 0 : HAS_SOURCE;
  view.setBigUint64(2, inode, true);
  view.setUint16(10, kept.length, true);
  label.set(kept, FIXED_BYTES);
  if (source !== undefined) view.setUint16(end, source, true);
  return label;
}

/** The group in a label, or undefined when it is damaged; its path is a view of the label. Bytes after that are left to later versions. */
export function decodeGroup(label: Uint8Array): GroupIdentity | undefined {
  if (label.length < FIXED_BYTES) return undefined;
  const view = new DataView(label.buffer, label.byteOffset, label.byteLength);
  const [hierarchy, flags] = [label[0]!, label[1]!];
  const end = FIXED_BYTES + view.getUint16(10, true);
  if ((hierarchy !== 1 && hierarchy !== 2) || label.length < end) return undefined;
  const hasSource = (flags & HAS_SOURCE) !== 0 && label.length >= end + SOURCE_BYTES;
  return {
    hierarchy,
    inode: view.getBigUint64(2, true),
    path: label.subarray(FIXED_BYTES, end),
    ...(hasSource ? { source: view.getUint16(end, true) } : {}),
  };
}

/** One string per group, the same for the same group only. A group of version 1 that was renamed has another. */
export function groupKey({ hierarchy, inode, path, source }: GroupIdentity): string {
  const name = Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString('latin1');
  return `${hierarchy}:${inode}${source === undefined ? '' : `@${source}`}:${name}`;
}
