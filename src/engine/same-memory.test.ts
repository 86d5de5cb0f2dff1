import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endChildren, startChild, startStopped } from '../../test/engine/commands.js';
import { findSharedMemory } from './same-memory.js';

const CLONE = process.arch === 'arm64' ? 220 : 56;
/** CLONE_VM, CLONE_VFORK and SIGCHLD: a child in the memory of its parent, which waits for it. */
const SHARING = 0x4111;
const NOBODY = 2 ** 22 + 1;

let parent: number;
let child: number;
let strangers: number[];
beforeAll(async () => {
  const script = `
import ctypes, os, time
ctypes.CDLL(None).syscall(${CLONE}, ${SHARING}, 0, 0, 0, 0)
print(os.getpid(), flush=True)
time.sleep(1000)`;
  const started = await startChild('python3', ['-c', script]);
  child = Number(await new Promise((resolve) => started.stdout!.once('data', resolve)));
  parent = started.pid;
  strangers = [];
  for (let count = 0; count < 5; count++) strangers.push((await startStopped()).pid);
});
afterAll(async () => {
  process.kill(child, 'SIGKILL');
  await endChildren();
});

const alike = (pids: readonly number[]) => pids.map(() => 'alike');

describe('who runs in one memory map', () => {
  it('is found among others that are alike, in any order, and its first is its leader', () => {
    expect(child).not.toBe(parent);
    const orders = [
      [parent, child, ...strangers],
      [child, ...strangers, parent],
      [...strangers, parent, child],
      [...strangers.toReversed(), child, parent],
    ];
    for (const pids of orders) {
      const { leaders, denied, unsupported } = findSharedMemory('/proc', pids, alike(pids));
      expect({ denied, unsupported }).toEqual({ denied: 0, unsupported: undefined });
      const first = Math.min(pids.indexOf(parent), pids.indexOf(child));
      expect([...leaders]).toEqual(pids.map((pid, index) => (pid === parent || pid === child ? first : index)));
    }
  });

  it('is not looked for where the layouts differ, or nothing is known of them', () => {
    expect(findSharedMemory('/proc', [parent, child], ['one', 'other']).leaders).toEqual(Int32Array.of(0, 1));
    expect(findSharedMemory('/proc', [parent, child], ['', '']).leaders).toEqual(Int32Array.of(0, 1));
  });

  it('is denied of one that has ended, and found of the others', () => {
    const pids = [NOBODY, parent, child];
    expect(findSharedMemory('/proc', pids, alike(pids))).toEqual({ leaders: Int32Array.of(0, 1, 1), denied: 1 });
  });

  it('is not known of the pids of another tree', () => {
    for (const root of [tmpdir(), '/no/such/tree']) {
      expect(findSharedMemory(root, [parent, child], alike([1, 2]))).toEqual({
        leaders: Int32Array.of(0, 1),
        denied: 0,
        unsupported: 'the tree is not the /proc of our own processes',
      });
    }
  });
});
