import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { KeepOff, processorOfMainThread } from './keep-off.js';

const CHECK = 100_000_000n;

/** Where the main thread is seen at each check; returns where the sampler's thread was moved away from. */
function movesFor(seen: readonly (number | undefined)[], canMove = true): number[] {
  const moves: number[] = [];
  let check = 0;
  const move = (processor: number) => {
    moves.push(processor);
    return canMove;
  };
  const keepOff = new KeepOff(7, move, () => seen[check]);
  for (; check < seen.length; check++) {
    keepOff.check(BigInt(check) * CHECK);
    // Ticks between are not looked at.
    keepOff.check(BigInt(check) * CHECK + CHECK / 2n);
  }
  return moves;
}

it('leaves the processor of the main thread at once, and does not follow it about', () => {
  expect(movesFor([1, 1, 0, 1, 0, 0, 1, 0, 1])).toEqual([1]);
});

it('moves again when the main thread has been elsewhere for some checks', () => {
  expect(movesFor([1, 0, 0])).toEqual([1]);
  expect(movesFor([1, 0, 0, 0, 0])).toEqual([1, 0]);
  expect(movesFor([1, 0, 2, 0, 2, 0, 2, 2, 2])).toEqual([1, 2]);
});

it('tries again where there was no other processor, and waits for a thread that cannot be seen', () => {
  expect(movesFor([0, 0, 1], false)).toEqual([0, 0, 1]);
  expect(movesFor([undefined, undefined, 3])).toEqual([3]);
});

it('sees where the main thread of a process runs, and nothing of one that is not there', () => {
  const own = processorOfMainThread(process.pid);
  expect(own()).toBeGreaterThanOrEqual(0);
  expect(own()).toBeLessThan(Math.max(availableParallelism(), 4096));
  expect(processorOfMainThread(2 ** 30)()).toBeUndefined();
});

it('tells the same as the text of the kernel', () => {
  const own = processorOfMainThread(process.pid);
  // It may be moved between the two.
  const isSame = Array.from({ length: 100 }, () => {
    const fields = readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return own() === Number(fields[39 - 3]);
  });
  expect(isSame.filter(Boolean).length).toBeGreaterThan(80);
});

/** Moves a program whose first helper thread somebody has put on processor 0; returns what its threads may use, before and after. */
async function threadsMoved(processor: number, takesAll: boolean) {
  const code = `
    import { execFileSync } from 'node:child_process';
    import { readdirSync, readFileSync } from 'node:fs';
    import { stayOff } from '${new URL('../../dist/engine/wait.js', import.meta.url).href}';
    const allowed = () => Object.fromEntries(readdirSync('/proc/self/task').map((task) => [
      task, /Cpus_allowed_list:\\s+(\\S+)/.exec(readFileSync('/proc/self/task/' + task + '/status', 'latin1'))[1]]));
    const pinned = Object.keys(allowed()).find((task) => Number(task) !== process.pid);
    execFileSync('taskset', ['-p', '-c', '0', pinned]);
    const before = allowed(), hasOther = stayOff(${processor}, ${takesAll}), after = allowed();
    console.log(JSON.stringify({ pid: process.pid, pinned, before, hasOther, after }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  return JSON.parse(stdout);
}

it('moves its own thread, or those of its program too, but none that somebody put elsewhere', async () => {
  const alone = await threadsMoved(0, false);
  // Of a single processor there is nowhere to go, which the answer says.
  expect(alone.hasOther).toBe(availableParallelism() > 1);
  if (!alone.hasOther) return;
  const free = alone.after[alone.pid];
  expect(free).not.toBe(alone.before[alone.pid]);
  expect(alone.after).toEqual({ ...alone.before, [alone.pid]: free });

  const all = await threadsMoved(0, true);
  const together = Object.entries(all.before).map(([task]) => [task, task === all.pinned ? '0' : free]);
  expect(all.after).toEqual(Object.fromEntries(together));
});
