/** Recordings of a user and of a pid namespace: whoever is there, whoever comes, and nobody else; whatever the engine. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { type Recorder, type RecordOptions, startRecording } from 'tidemark';
import { afterEach, describe, expect, it } from 'vitest';
import { ENGINES } from '../engine/engines.js';
import { endChild, MIB, readKernel, startSleep, until } from './workload.js';

const UID = 65_430;
const isRoot = process.geteuid?.() === 0;
const opened: { [Symbol.asyncDispose](): PromiseLike<void> }[] = [];
afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function record(options: RecordOptions): Promise<Recorder> {
  const recorder = await startRecording({ hz: 20, rollup: 'off', sizeBytes: 4 * MIB, sampler: 'worker', ...options });
  opened.push(recorder);
  return recorder;
}

const pidsNow = (recorder: Recorder) =>
  recorder
    .now()!
    .processes.map(({ pid }) => pid)
    .sort((a, b) => a - b);
const started: ChildProcess[] = [];
const start = (command: string, words: string[], options: SpawnOptions) => {
  const child = spawn(command, words, options);
  started.push(child);
  return child;
};
const asUser = () => start('sleep', ['1000'], { uid: UID, gid: UID, stdio: 'ignore' });

describe.runIf(isRoot).each(ENGINES)('by the engine %s', (engine) => {
  it('a user is recorded, and who comes later', async () => {
    const early = asUser();
    const recorder = await record({ engine, target: { uid: UID } });
    expect(recorder.recording().metadata.target).toBe(`user ${UID}`);
    expect(pidsNow(recorder)).toEqual([early.pid]);
    const late = asUser();
    const stranger = startSleep();
    await until(() => pidsNow(recorder).includes(late.pid!), 'the late one', 20_000);
    expect(pidsNow(recorder)).toEqual([early.pid!, late.pid!].sort((a, b) => a - b));
    for (const child of [early, late]) await endChild(child);
    // Others of that user may come again: nothing ends by itself.
    await until(() => pidsNow(recorder).length === 0, 'nobody is left');
    expect(recorder.recording().processes({ pid: stranger.pid! })).toEqual([]);
    await endChild(stranger);
  });

  it('a pid namespace is recorded, and who comes later', async () => {
    const script = 'sleep 1000 & read line; sleep 1001 & wait';
    const keeper = start('unshare', ['--pid', '--fork', '--kill-child', 'sh', '-c', script], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const namespaceOf = () => Number(/\d+/.exec(readlinkSync(`/proc/${keeper.pid}/ns/pid_for_children`))?.[0]);
    const own = Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))![0]);
    const isMade = () => {
      try {
        return namespaceOf() !== own;
      } catch {
        return false;
      }
    };
    await until(isMade, 'the namespace');
    const recorder = await record({ engine, target: { pidNamespace: namespaceOf() } });
    await until(() => pidsNow(recorder).length === 2, 'the shell and its child', 20_000);
    keeper.stdin!.write('go\n');
    await until(() => pidsNow(recorder).length === 3, 'another child', 20_000);
    const pids = pidsNow(recorder);
    expect(pids).not.toContain(keeper.pid);
    for (const pid of pids) expect(Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/pid`))![0])).toBe(namespaceOf());
    await endChild(keeper);
    await until(() => pidsNow(recorder).length === 0, 'the end of the namespace', 20_000);
  });
});

describe.runIf(isRoot && ENGINES.includes('bpf'))('by the kernel', () => {
  it('whoever comes to a user is in the tick after its exec, without a listing of the host', async () => {
    const recorder = await record({ engine: 'bpf', target: { uid: UID }, hz: 50 });
    const child = asUser();
    const key = { pid: child.pid!, startTicks: readKernel(child.pid!).startTicks };
    await until(() => pidsNow(recorder).includes(key.pid), 'the child');
    const events = recorder.recording().events();
    const at = (type: string) =>
      events.find(({ event }) => event.type === type && 'pid' in event && event.pid === key.pid)?.timeNs;
    expect(Number(at('arrive')! - at('ran')!)).toBeLessThan(500e6);
    await endChild(child);
  });
});
