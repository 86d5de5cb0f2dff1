/** `doctor --cost`, and what `info` tells of a recording that chose its rate for a budget. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { endChildren, startChild } from './engine/commands.js';
import { runTidemark } from './tidemark-process.js';

const MIB = 2 ** 20;
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-cost-'));
afterAll(async () => {
  await endChildren();
  rmSync(folder, { recursive: true, force: true });
});

/** A python that has so many bytes in small pages, and more at each line of its input. */
async function startGrowing(bytes: number) {
  const script = `
import mmap, sys
kept = []
size = ${bytes}
while True:
    m = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    m.madvise(mmap.MADV_NOHUGEPAGE)
    for at in range(0, size, 4096): m[at] = 1
    kept.append(m)
    print(flush=True)
    size = int(sys.stdin.readline())`;
  const child = await startChild('python3', ['-c', script]);
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  return child;
}

describe('doctor --cost', () => {
  it('says what the budget gives, and what the largest processes are in for', async () => {
    const large = await startGrowing(600 * MIB);
    const { code, stdout } = await runTidemark(['doctor', '--cost', '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ schema: 1, budget: 0.01 });
    expect(report.hz).toBeGreaterThanOrEqual(0.2);
    expect(report.hz).toBeLessThanOrEqual(100);
    // By which a recording of the host is made.
    const { engine } = JSON.parse((await runTidemark(['doctor', '--json'])).stdout);
    expect(report.engine).toBe(engine.name);
    expect(report.countersNs).toBeGreaterThan(20);
    expect(report.rollupNs).toBeGreaterThan(report.countersNs);
    expect(report.rollupEverySeconds).toBeGreaterThan(0);
    expect(report.largest.length).toBeGreaterThan(0);
    const ours = report.largest.find(({ pid }: { pid: number }) => pid === large.pid);
    if (ours) expect(ours).toMatchObject({ method: 'paced', comm: 'python3' });
    const text = await runTidemark(['doctor', '--cost', '--budget', '50%']);
    expect(text.stdout).toMatch(/^At 50 % of one core: \d+(\.\d)? Hz counters, PSS of everybody every /);
    const wrong = await runTidemark(['doctor', '--cost', '--budget', '200%']);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('--budget: "200%" is not a budget')]);
    const tree = await runTidemark(['doctor', '--cost', '--procfs', folder]);
    expect(tree.code).toBe(0);
  });
});

describe('a target that grows from small to large between two reads', () => {
  it('is read in pieces, as often as it moves, and was never held for as long as a whole read', async () => {
    const child = await startGrowing(10 * MIB);
    const file = path.join(folder, 'grown.tide');
    const running = runTidemark(['record', '-o', file, '--pid', String(child.pid), '--for', '6s', '--size', '16M']);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.stdin!.write(`${1024 * MIB}\n`);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    expect((await running).code).toBe(0);
    const { stdout } = await runTidemark(['export', file, '--format', 'jsonl', '--metric', 'uss,rollupPaced']);
    const reads = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ uss }) => uss !== null);
    expect(reads[0]).toMatchObject({ rollupPaced: 0 });
    expect(reads[0].uss).toBeLessThan(100 * MIB);
    expect(reads.at(-1)).toMatchObject({ rollupPaced: 1 });
    expect(reads.at(-1).uss).toBeGreaterThan(1000 * MIB);
    const targets = await runTidemark(['info', '--targets', '--json', file]);
    const [holds] = JSON.parse(targets.stdout).targets;
    expect(holds).toMatchObject({ pid: child.pid, comm: 'python3', reads: reads.length });
    expect(holds.paced).toBeGreaterThan(0);
    expect(holds.heldNs).toBeGreaterThan(holds.longestNs);
    const people = await runTidemark(['info', '--targets', file]);
    expect(people.stdout).toMatch(/^ *pid +reads +in pieces +held +longest +comm\n/);
    const info = await runTidemark(['info', file]);
    expect(info.stdout).toMatch(/^budget +1\.00 % of one core asked and the rate chosen for it, /m);
    expect(JSON.parse((await runTidemark(['info', '--json', file])).stdout)).toMatchObject({
      budget: 0.01,
      hzAsked: 'auto',
    });
  });
});
