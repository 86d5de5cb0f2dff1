/** What is heard of a command whose recorder is busy, or cannot start it. */
import { afterEach, expect, it } from 'vitest';
import { Launcher } from '../../src/workload/launcher.js';

let launcher: Launcher | undefined;
afterEach(() => launcher?.leave());

function beBusy(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

async function start(...command: string[]): Promise<Launcher> {
  launcher = await Launcher.start({ command, stdio: ['ignore', 'ignore', 'ignore'] });
  return launcher;
}

it('a signal that comes when the command has ended takes no line with it', async () => {
  const started = await start('sh', '-c', 'exit 7');
  started.go();
  // The command ends meanwhile, and its end is not read yet.
  beBusy(300);
  started.signal(15);
  expect(await started.ended).toEqual({ kind: 'exited', code: 7 });
  expect((await started.allEnded)!.largestRss).toBeGreaterThan(0);
});

it('nor does one behind a command that could not be run', async () => {
  const started = await start('no-such-command-anywhere');
  started.go();
  beBusy(300);
  started.signal(15);
  expect(await started.ended).toEqual({ kind: 'not-run', errno: 2 });
  expect(await started.allEnded).toBeDefined();
});

it('a launcher that is killed is told of', async () => {
  const started = await start('sleep', '60');
  process.kill(started.pid, 'SIGKILL');
  beBusy(100);
  started.go();
  await expect(started.ended).rejects.toThrow(/the launcher was killed/);
  expect(await started.allEnded).toBeUndefined();
});
