/** `tidemark doctor` as a child process, against what this host says of itself elsewhere. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, release, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HostReport } from '../src/check/host-report.js';
import { readHostUnits } from '../src/procfs/host-units.js';
import { runTidemark } from './tidemark-process.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-doctor-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function doctorJson(...words: string[]): Promise<HostReport> {
  const { code, stdout, stderr } = await runTidemark(['doctor', '--json', ...words]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

it('tells the host, the engine and the permissions', async () => {
  const report = await doctorJson();
  expect(report).toMatchObject({
    schema: 1,
    node: process.version,
    kernel: release(),
    cpus: availableParallelism(),
    units: readHostUnits(),
    procfs: { root: '/proc', isProcfs: true, smapsRollup: true },
    engine: {
      name: expect.stringMatching(/^(bpf|native)$/),
      bpf: expect.stringMatching(/^(works|cannot be used): /),
      addon: { path: expect.stringMatching(/tidemark\.node$/) },
    },
    permissions: { euid: process.geteuid?.() },
  });
  expect(report.permissions.advice === undefined).toBe(report.permissions.readsOthers);
});

it('counts every visible process once', async () => {
  const { processes } = await doctorJson();
  if (!processes) throw new Error('Expected the processes to be counted');
  const { visible, readable, denied, noMm, other } = processes;
  expect(readable + denied + noMm + other).toBe(visible);
  // This process, and the doctor itself.
  expect(readable).toBeGreaterThanOrEqual(2);
  const listed = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
  expect(Math.abs(visible - listed)).toBeLessThan(Math.max(20, listed / 4));
});

it('measures room and time', async () => {
  const { descriptors, space, wakeUp } = await doctorJson();
  expect(descriptors?.processes).toBe(Math.floor((descriptors?.room ?? Number.NaN) / 2));
  expect(descriptors?.limit).toBeGreaterThan(descriptors?.room ?? 0);
  expect(space.map((entry) => entry.path)).toContain(tmpdir());
  for (const { freeBytes, sizeBytes } of space) expect(freeBytes).toBeLessThanOrEqual(sizeBytes);
  expect(wakeUp.medianNs).toBeGreaterThan(0);
  expect(wakeUp.worstNs).toBeGreaterThanOrEqual(wakeUp.medianNs);
});

it('looks at another tree', async () => {
  const tree = path.join(folder, 'tree');
  for (const [pid, file] of [
    ['7', 'smaps_rollup'],
    ['8', 'stat'],
  ]) {
    mkdirSync(path.join(tree, pid), { recursive: true });
    writeFileSync(path.join(tree, pid, file), 'x');
  }
  const report = await doctorJson('--procfs', tree);
  expect(report.procfs).toEqual({ root: tree, isProcfs: false, smapsRollup: true });
  expect(report.processes).toEqual({ visible: 2, readable: 1, denied: 0, noMm: 0, other: 1 });
  expect(report).not.toHaveProperty('units');
});

it('says the same in words', async () => {
  const { code, stdout, stderr } = await runTidemark(['doctor']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`pages of ${readHostUnits().pageSize} bytes`);
  expect(stdout).toMatch(
    /^engine +(bpf: the kernel takes it; counters |native: the addon loads \(.*\); bpf cannot be used: )/m,
  );
  expect(stdout).toMatch(/^bpf +(works: counters (exact|approximate)|cannot be used: .)/m);
  expect(stdout).toMatch(/^timer +wakes .* late, at worst .* \(20 sleeps\)$/m);
});
