/** In a name space of control groups, as containers have one, the groups of the host are found all the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { memoryHierarchyOf } from '../../src/procfs/memory-group.js';
import { makeCgroup } from '../recorder/memory-cgroup.js';
import { MIB, Workload } from '../recorder/workload.js';
import { runScript } from './commands.js';

const HIERARCHY = new URL('../../dist/engine/group-hierarchy.js', import.meta.url).href;
const GROUP = new URL('../../dist/procfs/memory-group.js', import.meta.url).href;
const CGROUP = new URL('../../dist/procfs/cgroup.js', import.meta.url).href;

const LOOK = `
  const { findGroupHierarchy } = await import(values.hierarchy);
  const { memoryGroupPath, readMemoryGroup } = await import(values.group);
  const { parseCgroups } = await import(values.cgroup);
  const lines = parseCgroups(fs.readFileSync('/proc/' + values.pid + '/cgroup', 'latin1'));
  const found = findGroupHierarchy('/proc');
  const told = memoryGroupPath(lines, found.version);
  const path = memoryGroupPath(lines, found.version, found.home);
  tell({ told, path, home: found.home, max: readMemoryGroup(found, path).max });`;

describe.skipIf(process.geteuid?.() !== 0)('a container', () => {
  it('is told the limits of others by the paths of the host', async () => {
    const limited = makeCgroup(`tidemark-limited-${process.pid}`, 96 * MIB);
    if (typeof limited === 'string') expect.fail(limited);
    await using _limited = limited;
    const own = makeCgroup(`tidemark-container-${process.pid}`, 512 * MIB);
    if (typeof own === 'string') expect.fail(own);
    await using _own = own;
    await using workload = await Workload.start();
    limited.add(workload.pid);
    const { folder } = memoryHierarchyOf(readFileSync('/proc/self/mountinfo', 'latin1'))!;
    const enter = `echo $$ > ${folder}${own.path}/cgroup.procs && exec unshare --cgroup "$@"`;
    const values = { hierarchy: HIERARCHY, group: GROUP, cgroup: CGROUP, pid: workload.pid };
    const seen = runScript(LOOK, values, ['sh', '-c', enter, 'sh']) as Record<string, unknown>;
    expect(seen.told).toBe(`/../${limited.path.split('/').at(-1)}`);
    expect(seen).toMatchObject({ path: limited.path, home: own.path, max: 96 * MIB });
  });
});
