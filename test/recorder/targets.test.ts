/** Which processes a recording is about: found at the start, found later, gone, and never mistaken for another. */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Recorder, type RecordOptions, startRecording } from 'tidemark';
import { afterEach, describe, expect, it } from 'vitest';
import { ENGINES } from '../engine/engines.js';
import { FakeProcfs } from '../engine/fake-procfs.js';
import { endChild, MIB, readKernel, scratch, startSleep, until, Workload } from './workload.js';

const NOBODY = 0x7fffffff;
const opened: { [Symbol.asyncDispose](): PromiseLike<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function record(options: RecordOptions): Promise<Recorder> {
  const recorder = await startRecording({ hz: 50, rollup: 'off', sizeBytes: 4 * MIB, sampler: 'worker', ...options });
  opened.push(recorder);
  return recorder;
}

async function work(): Promise<Workload> {
  const workload = await Workload.start();
  opened.push(workload);
  return workload;
}

const pidsNow = (recorder: Recorder) =>
  recorder
    .now()!
    .processes.map(({ pid }) => pid)
    .sort((a, b) => a - b);
const events = (recorder: Recorder) =>
  recorder
    .recording()
    .events()
    .map(({ event }) => event);

describe.each(ENGINES)('engine %s', (engine) => {
  it('records itself, from outside', async () => {
    const recorder = await record({ engine, target: 'self', sampler: 'process' });
    expect(pidsNow(recorder)).toEqual([process.pid]);
    expect(recorder.recording().metadata).toMatchObject({ target: `pids ${process.pid}`, engine: { name: engine } });
    expect(recorder.recording().metadata.writer.pid).not.toBe(process.pid);
  });

  it('records the host', async () => {
    const child = startSleep();
    const recorder = await record({ engine, target: 'host', sizeBytes: 64 * MIB });
    const [first] = pidsNow(recorder);
    expect(pidsNow(recorder)).toEqual(expect.arrayContaining([process.pid, child.pid]));
    expect(first).toBe(1);
    await endChild(child);
  });

  it('records a tree, and who is born into it', async () => {
    const workload = await work();
    const early = Number(await workload.tell('fork'));
    const stranger = startSleep();
    const recorder = await record({ engine, target: { tree: workload.pid } });
    expect(pidsNow(recorder)).toEqual([workload.pid, early].sort((a, b) => a - b));
    const late = Number(await workload.tell('fork'));
    await until(() => pidsNow(recorder).includes(late), 'the late child');
    expect(pidsNow(recorder)).toEqual([workload.pid, early, late].sort((a, b) => a - b));
    // An orphan still belongs to the tree; when the last one has gone, nobody can come any more.
    await workload.end();
    await until(() => pidsNow(recorder).length === 2, 'the end of the root');
    process.kill(early);
    process.kill(late);
    expect(await recorder.finished).toMatchObject({ reason: 'all-gone' });
    expect(recorder.recording().processes({ pid: stranger.pid! })).toEqual([]);
    await endChild(stranger);
  });

  it('knows a process by its start, and says once that it has gone', async () => {
    const child = startSleep();
    const other = startSleep();
    const { startTicks } = readKernel(child.pid!);
    const recorder = await record({ engine, target: { pids: [child.pid!, other.pid!, child.pid!] } });
    expect(recorder.now()!.processes).toHaveLength(2);
    await endChild(child);
    await until(() => pidsNow(recorder).length === 1, 'the departure');
    const recording = recorder.recording();
    const key = { pid: child.pid!, startTicks };
    expect(recording.series({ pid: child.pid!, startTicks: startTicks + 1 }, 'rss').timeNs).toHaveLength(0);
    const { status, value } = recording.series(key, 'rss');
    // Until this process has taken note of its end it is a zombie, without memory.
    expect([...status].filter((one) => one !== 0 && one !== 3)).toEqual([2]);
    expect(status.at(-1)).toBe(2);
    expect(value.at(-1)).toBeNaN();
    expect(Math.min(...value.filter((_, at) => status[at] === 0))).toBeGreaterThan(0);
    expect(events(recorder).filter(({ type }) => type === 'depart')).toEqual([{ type: 'depart', ...key }]);
    expect(recording.processes({ pid: child.pid! })).toMatchObject([{ ...key, comm: 'sleep', departed: true }]);
    expect(recording.processes({ pid: other.pid! })).toMatchObject([{ departed: false }]);
    await endChild(other);
    expect(await recorder.finished).toMatchObject({ reason: 'all-gone' });
    expect(events(recorder).at(-1)).toEqual({ type: 'close', reason: 'all-gone' });
  });

  it('says which of several pids are not there', async () => {
    const child = startSleep();
    const warnings: string[] = [];
    const onWarning = (text: string) => warnings.push(text);
    const recorder = await record({ engine, target: { pids: [NOBODY, child.pid!] }, onWarning });
    expect(pidsNow(recorder)).toEqual([child.pid]);
    expect(warnings).toEqual([`No such process: ${NOBODY}; recording the others`]);
    await endChild(child);
    await recorder.finished;
  });

  it('matches names and programs', async () => {
    const child = startSleep();
    const byName = await record({ engine, target: { match: /^sleep$/g, on: 'comm' } });
    const byProgram = await record({ engine, target: { match: /\/SLEEP$/iy, on: 'exe' } });
    expect(pidsNow(byName)).toContain(child.pid);
    // Sticky and global make a pattern depend on the one tested before: they are left out.
    const exe = /\/sleep$/i;
    expect(byProgram.recording().metadata.target).toBe('exe matches /\\/SLEEP$/i');
    expect(exe.test('/usr/bin/sleep')).toBe(true);
    expect(pidsNow(byName)).not.toContain(process.pid);
    await endChild(child);
  });

  it('follows a rename', async () => {
    const workload = await work();
    const recorder = await record({ engine, target: { pids: [workload.pid] } });
    await workload.tell(`name ${Buffer.from('a, "b"\n=c').toString('hex')}`);
    await until(() => events(recorder).some(({ type }) => type === 'rename'), 'the rename');
    const { startTicks } = readKernel(workload.pid);
    expect(events(recorder).filter(({ type }) => type === 'rename')).toEqual([
      { type: 'rename', pid: workload.pid, startTicks, comm: 'a, "b"\n=c' },
    ]);
    await until(() => recorder.now()!.processes[0]!.comm === 'a, "b"\n=c', 'a frame with the new name');
    expect(recorder.recording().processes()).toMatchObject([{ pid: workload.pid, startTicks, comm: 'a, "b"\n=c' }]);
  });

  it('has sixteen hostile bytes as they are, as far as the kernel keeps them', async () => {
    const workload = await work();
    const recorder = await record({ engine, target: { pids: [workload.pid] } });
    const hostile = Buffer.from('\x1b]0;)\n( \xff\xfe\x9b31m', 'latin1');
    await workload.tell(`name ${Buffer.concat([hostile, Buffer.from('!!!')]).toString('hex')}`);
    await until(() => events(recorder).some(({ type }) => type === 'rename'), 'the rename');
    const renamed = events(recorder).find(({ type }) => type === 'rename') as { comm: string; commHex?: string };
    expect(Buffer.from(renamed.commHex!, 'hex')).toEqual(Buffer.concat([hostile, Buffer.from('!!!')]).subarray(0, 15));
    await until(() => recorder.now()!.processes[0]!.comm === renamed.comm, 'a frame with the new name');
  });

  it('is recorded twice at once, with the same values', async () => {
    const child = startSleep();
    const target = { pids: [child.pid!] };
    const both = [await record({ engine, target }), await record({ engine, target })];
    for (const recorder of both)
      await until(
        () => recorder.recording().series({ pid: child.pid!, ...readKernel(child.pid!) }, 'rss').value.length > 3,
        'ticks',
      );
    await endChild(child);
    for (const recorder of both) {
      expect(await recorder.finished).toMatchObject({ reason: 'all-gone' });
      expect(events(recorder).filter(({ type }) => type === 'depart')).toHaveLength(1);
    }
    const [one, two] = both.map((recorder) => {
      const [key] = recorder.recording().processes({ pid: child.pid! });
      return [...recorder.recording().series(key!, 'rss').value].find((rss) => rss > 0);
    });
    expect(one).toBe(two);
  });
});

describe('processes that come later', () => {
  it('finds matches that start later, and those that become one by exec', async () => {
    const workload = await work();
    const { startTicks } = readKernel(workload.pid);
    const mine = `.0${process.pid}`;
    const match = new RegExp(`sleep 6[12]\\${mine}$`);
    const recorder = await record({ target: { match, on: 'cmdline' } });
    expect(pidsNow(recorder)).toEqual([]);
    const late = spawn('sleep', [`61${mine}`], { stdio: 'ignore' });
    await until(() => pidsNow(recorder).includes(late.pid!), 'the late match');
    workload.send(`exec sleep 62${mine}`);
    await until(() => pidsNow(recorder).includes(workload.pid), 'the exec', 20_000);
    const found = recorder.recording().processes();
    expect(found.map(({ pid }) => pid).sort()).toEqual([late.pid!, workload.pid].sort());
    expect(found.find(({ pid }) => pid === workload.pid)).toMatchObject({ startTicks, comm: 'sleep' });
    await endChild(late);
  });

  it('are arrivals and departures, each of its own', async () => {
    const recorder = await record({ target: { tree: process.pid }, hz: 200 });
    const pids: number[] = [];
    for (let round = 0; round < 5; round++) {
      const child = startSleep();
      await until(
        () => events(recorder).some((event) => event.type === 'arrive' && event.pid === child.pid),
        'arrival',
      );
      pids.push(child.pid!);
      await endChild(child);
    }
    const gone = () => events(recorder).filter((event) => event.type === 'depart' && pids.includes(event.pid));
    await until(() => gone().length === pids.length, 'departures');
    const arrivals = events(recorder).filter((event) => event.type === 'arrive' && pids.includes(event.pid));
    expect(arrivals).toMatchObject(pids.map((pid) => ({ pid, parentPid: process.pid, kernelThread: false })));
    const keys = (list: readonly object[]) => list.map((event) => JSON.stringify(event, ['pid', 'startTicks']));
    expect(keys(gone())).toEqual(keys(arrivals));
    expect(
      recorder
        .recording()
        .processes()
        .filter(({ pid }) => pids.includes(pid)),
    ).toHaveLength(pids.length);
  });
});

describe('a control group', () => {
  it('is recorded with those below it, and nobody else', async () => {
    const child = startSleep();
    const made = makeCgroup(child.pid!);
    const own = readFileSync(`/proc/${child.pid}/cgroup`, 'utf8')
      .split('\n')[0]!
      .replace(/^\d+:[^:]*:/, '');
    const recorder = await record({ target: { cgroup: made?.name ?? own } });
    expect(pidsNow(recorder)).toContain(child.pid);
    if (made) {
      expect(pidsNow(recorder)).toEqual([child.pid]);
      const late = startSleep();
      mkdirSync(path.join(made.folder, 'below'));
      writeFileSync(path.join(made.folder, 'below/cgroup.procs'), String(late.pid));
      await until(() => pidsNow(recorder).length === 2, 'a process that moved in', 20_000);
      expect(pidsNow(recorder)).toContain(late.pid);
      await endChild(late);
      await until(() => pidsNow(recorder).length === 1, 'its departure');
      rmdirSync(path.join(made.folder, 'below'));
    }
    await endChild(child);
    if (made) rmdirSync(made.folder);
  });

  /** A group of its own for a process, in whichever hierarchy lets us; the name is the one in `/proc/PID/cgroup`. */
  function makeCgroup(pid: number): { folder: string; name: string } | undefined {
    const name = `/tidemark-test-${process.pid}`;
    for (const top of ['', '/unified', '/memory', '/pids', '/systemd'].map((part) => `/sys/fs/cgroup${part}`)) {
      if (!existsSync(`${top}/cgroup.procs`)) continue;
      try {
        accessSync(top, constants.W_OK);
        mkdirSync(top + name);
        writeFileSync(`${top}${name}/cgroup.procs`, String(pid));
        return { folder: top + name, name };
      } catch {
        // Not ours to write: the group that everybody is in will do.
      }
    }
    return undefined;
  }
});

it('of a host that goes on for ever has room for what the host may come to, and one that ends is small', async () => {
  using folder = scratch();
  const few = new FakeProcfs();
  for (let pid = 1; pid <= 20; pid++) few.add(pid);
  const slots: number[] = [];
  for (const trim of [false, true]) {
    const place = { procfs: few.root, file: folder.file(`${trim}.tide`), sizeBytes: 64 * MIB, trim };
    const recorder = await record({ target: 'host', ...place });
    slots.push(recorder.recording().ring.maxSlots);
    await recorder.stop();
  }
  few.destroy();
  expect(slots[0]).toBeGreaterThan(8192);
  expect(slots[1]).toBe(1024);
});
