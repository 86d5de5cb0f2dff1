/** A recorder inside a program of somebody else: it must not keep it alive, bring it down, or outlive it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { isAlive, scratch, until } from './workload.js';

const LIBRARY = new URL('../../dist/index.js', import.meta.url).href;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a program that embeds the library, with a folder of its own for temporary files. */
async function runProgram(body: string, folder: string) {
  const source = `import { startRecording, openRecording } from ${JSON.stringify(LIBRARY)};\n${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: folder, XDG_RUNTIME_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
    // One that does not end by itself must not stay behind when its test fails.
    timeout: 25_000,
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, stdout, stderr, pid: child.pid! };
}

const WAYS = (['worker', 'process'] as const).flatMap((sampler) => [
  [sampler, 'memory'] as const,
  [sampler, 'file'] as const,
]);

describe.concurrent.each(WAYS)('sampler %s, ring in %s', (sampler, storage) => {
  const start = (file: string, rest = '') =>
    `const recorder = await startRecording({ sampler: '${sampler}', hz: 100, rollup: 'off', sizeBytes: 2 ** 21` +
    `${storage === 'file' ? `, file: ${JSON.stringify(file)}` : ''} ${rest}});\n` +
    `console.log(recorder.recording().metadata.writer.pid);`;

  it('lets a program that just ends do so, and leaves nothing of its own', async () => {
    using folder = scratch();
    const file = folder.file('a.tide');
    const { code, stdout, stderr, pid } = await runProgram(start(file), folder.path);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const writer = Number(stdout);
    expect(writer === pid).toBe(sampler === 'worker');
    await until(() => !isAlive(writer), 'the end of the sampler');
    expect(readdirSync(folder.path)).toEqual(storage === 'file' ? ['a.tide'] : []);
    if (storage === 'memory') return;
    using recording = openRecording(file);
    expect(recording.summary().damage).toEqual([]);
    expect(recording.summary().ticks.recorded).toBeGreaterThan(0);
    // A helper hears that its line broke and ends in order; a thread is cut off with its program.
    expect(recording.events().at(-1)!.event.type === 'close').toBe(sampler === 'process');
  });

  it('survives the death of the program', async () => {
    using folder = scratch();
    const file = folder.file('a.tide');
    const body = `${start(file)}\nsetTimeout(() => process.kill(process.pid, 'SIGKILL'), 200); await recorder.finished;`;
    const { signal, stdout } = await runProgram(body, folder.path);
    expect(signal).toBe('SIGKILL');
    await until(() => !isAlive(Number(stdout)), 'the end of the sampler');
    expect(readdirSync(folder.path)).toEqual(storage === 'file' ? ['a.tide'] : []);
    if (storage === 'memory') return;
    using recording = openRecording(file);
    expect(recording.summary()).toMatchObject({ damage: [], processes: { seen: 1 } });
    expect(recording.summary().ticks.recorded).toBeGreaterThan(3);
  });

  it('ends with `await using`, and keeps the program alive until `finished`', async () => {
    using folder = scratch();
    const body = `
      {
        ${start(folder.file('a.tide'), ', durationMs: 1500')}
        const began = performance.now();
        const { reason } = await recorder.finished;
        console.log(reason, performance.now() - began > 200);
        await recorder[Symbol.asyncDispose]();
      }`;
    const { code, stdout, stderr } = await runProgram(body, folder.path);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').slice(1)).toEqual(['time-over true', '']);
  });
});

describe('the main thread', () => {
  it('may spin without a pause while the worker goes on', async () => {
    using folder = scratch();
    const body = `
      const recorder = await startRecording({ target: 'self', sampler: 'worker', hz: 100, rollup: 'off', sizeBytes: 2 ** 21 });
      const until = performance.now() + 2500;
      while (performance.now() < until);
      await recorder.stop();
      const { ticks, self } = recorder.recording().summary();
      console.log(JSON.stringify({ ticks, cpuSeconds: self.cpuSeconds }));`;
    const { code, stdout } = await runProgram(body, folder.path);
    expect(code).toBe(0);
    const { ticks, cpuSeconds } = JSON.parse(stdout);
    expect(ticks.expected).toBeGreaterThanOrEqual(245);
    expect(ticks.missed).toBeLessThan(ticks.expected * 0.3);
    expect(ticks.recorded + ticks.missed).toBe(ticks.expected);
    // Its own cost is that of its thread, not of the thread that spun.
    expect(cpuSeconds).toBeLessThan(1.5);
  });

  it('is told nothing when the worker dies with it in the middle', async () => {
    using folder = scratch();
    const body = `
      const recorder = await startRecording({ sampler: 'worker', hz: 1000, sizeBytes: 2 ** 21 });
      recorder.mark('end');
      process.exit(7);`;
    expect(await runProgram(body, folder.path)).toMatchObject({ code: 7, stderr: '' });
  });
});
