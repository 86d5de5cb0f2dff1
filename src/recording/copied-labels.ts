/**
 * What the label of a row says, by ring: of a process, of the host, of a control group.
 *
 * The trap: slots of a merged ring are one for each thing and host, so a label must tell the same thing apart from its like on
 * another host, and names in it must pass whoever takes names out.
 */
import { decodeGroup, encodeGroup, groupKey } from '../engine/group-identity.js';
import { decodeIdentity, encodeIdentity, identityKey } from '../engine/identity.js';
import type { CopyInput } from './copy-input.js';
import type { Redactor } from './redact.js';
import { GROUP_RING, HOST_RING, hostLabel, sourceOfHostLabel } from './tier-format.js';

export interface CopiedLabel {
  /** One string for each thing on each host. */
  readonly key: string;
  /** The label in a merged recording. */
  readonly merged: Uint8Array;
}

export interface LabelKind {
  /** Undefined for a label that is damaged, or of a later version. */
  read(label: Uint8Array, input: CopyInput): CopiedLabel | undefined;
  redact(label: Uint8Array, redactor: Redactor): Uint8Array;
}

const PROCESSES: LabelKind = {
  read(label, input) {
    const identity = decodeIdentity(label);
    if (!identity) return undefined;
    const known = { ...identity, ...input.sourceOf(identity.source) };
    return { key: identityKey(known), merged: encodeIdentity(known) };
  },
  redact: (label, redactor) => redactor.label(label),
};

const HOSTS: LabelKind = {
  read(label, input) {
    const own = sourceOfHostLabel(label);
    if (own === undefined) return undefined;
    const { source = 0 } = input.sourceOf(own);
    return { key: `${source}`, merged: hostLabel(source) };
  },
  redact: (label) => label,
};

const GROUPS: LabelKind = {
  read(label, input) {
    const group = decodeGroup(label);
    if (!group) return undefined;
    const known = { ...group, ...input.sourceOf(group.source) };
    return { key: groupKey(known), merged: encodeGroup(known) };
  },
  redact(label, redactor) {
    const group = decodeGroup(label);
    return group ? encodeGroup({ ...group, path: redactor.groupPath(group.path) }) : label;
  },
};

/** Whether the rows of a ring are processes. */
export function isOfProcesses(ring: string): boolean {
  return ring !== HOST_RING && ring !== GROUP_RING;
}

export function labelKindOf(ring: string): LabelKind {
  return ring === HOST_RING ? HOSTS : ring === GROUP_RING ? GROUPS : PROCESSES;
}
