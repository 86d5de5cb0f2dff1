/**
 * What a target means to the programs in the kernel.
 *
 * The trap: the kernel knows cgroups of the second version only, and a path may name one there and another one in a tree of
 * the first version: then whoever is in the other would never be listed.
 */
import { cgroupIdOf, isInVersion1 } from '../engine/cgroup-id.js';
import type { Engine } from '../engine/engine.js';
import type { KernelSelection } from '../engine/lives.js';
import type { PlainTarget } from './target.js';

/** The selection, or why the kernel cannot make it. */
export function kernelSelection(target: PlainTarget): KernelSelection | string {
  switch (target.kind) {
    case 'host':
      return { kind: 'all' };
    case 'cgroup': {
      const cgroupId = cgroupIdOf(target.path);
      return cgroupId === undefined ? 'the cgroup is in no tree of version 2' : { kind: 'cgroup', cgroupId };
    }
    case 'user':
      return { kind: 'uid', uid: target.uid };
    case 'namespace':
      return { kind: 'namespace', pidNamespace: target.number };
    case 'match':
      return 'the kernel cannot match names and arguments';
    default:
      return target.kind === 'pids' ? { kind: 'pids', pids: target.pids } : { kind: 'tree', pids: [target.pid] };
  }
}

/** Lets the engine list only who can belong to the target, and returns who does for certain; undefined where it cannot. */
export function narrowTo(target: PlainTarget, engine: Engine): ((pid: number) => boolean) | undefined {
  const selection = kernelSelection(target);
  if (!engine.narrow || typeof selection === 'string') return undefined;
  if (selection.kind === 'all' || selection.kind === 'pids') return undefined;
  if (target.kind === 'cgroup' && isInVersion1(target.path)) return undefined;
  return engine.narrow(selection);
}
