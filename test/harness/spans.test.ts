/** The memory of spans, and of functions that are called again and again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type MetricReading, measure, openRecording, startRecording } from 'tidemark';
import { afterAll, describe, expect, it } from 'vitest';

const MIB = 2 ** 20;
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-harness-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const value = (reading: MetricReading) => ('value' in reading ? reading.value : Number.NaN);

describe('a span', () => {
  it('tells what memory was before, at the peak and after', async () => {
    // Another process, whose memory no collection of this one moves.
    const script = `process.stdin.once('data', () => { let held = Buffer.alloc(48 * 2 ** 20, 1); process.stdout.write('held');
      process.stdin.once('data', () => { held = undefined; gc(); process.stdout.write('freed'); }); });`;
    const child = spawn(process.execPath, ['--expose-gc', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    await pause(200);
    await using recorder = await startRecording({ target: { pids: [child.pid!] }, hz: 100, budget: 1 });
    const { value: answer, memory } = await recorder.span('work', async () => {
      child.stdin.write('go');
      await once(child.stdout, 'data');
      await pause(100);
      child.stdin.write('on');
      await once(child.stdout, 'data');
      await pause(100);
      return 'done';
    });
    child.kill();
    expect(answer).toBe('done');
    const [before, peak] = [value(memory.rss.before), value(memory.rss.peak)];
    expect(peak - before).toBeGreaterThan(47 * MIB);
    expect(peak - before).toBeLessThan(64 * MIB);
    expect(value(memory.rss.after)).toBeLessThan(peak);
    expect(value(memory.rss.mean)).toBeGreaterThan(before);
    expect(value(memory.rss.mean)).toBeLessThan(peak);
    expect(memory.rss.peakAtNs! > memory.fromNs && memory.rss.peakAtNs! < memory.toNs).toBe(true);
    expect(memory.samples).toBeGreaterThan(5);
    expect(memory.faults.minor).toBeGreaterThan(0);
    expect(memory.self.cpuNs).toBeGreaterThan(0);
    expect(recorder.recording().marks()).toMatchObject([{ name: 'work', kind: 'span' }]);
  });

  it('of this process has the faults between its ends, however rare the ticks', async () => {
    await using recorder = await startRecording({ target: 'self', hz: 1 });
    const held: Buffer[] = [];
    const faults = () => process.resourceUsage().minorPageFault;
    const outerBefore = faults();
    let inner = 0;
    const { memory } = await recorder.span('touch', () => {
      const before = faults();
      held.push(Buffer.alloc(16 * MIB, 1));
      inner = faults() - before;
    });
    const touched = Buffer.alloc(16 * MIB, 1);
    // Whoever counts from tick to tick has those behind the end as well.
    const outer = faults() - outerBefore;
    expect(touched.length + held.length).toBeGreaterThan(0);
    expect(inner).toBeGreaterThan(0);
    expect(memory.faults.minor).toBeGreaterThanOrEqual(inner);
    expect(memory.faults.minor).toBeLessThan(outer);
    expect(memory.faults).toMatchObject({ fromNs: memory.fromNs, toNs: memory.toNs, major: 0 });
  });

  it('of another process says between which times its faults were counted', async () => {
    const child = spawn('sleep', ['60']);
    await using recorder = await startRecording({ target: { pids: [child.pid!] }, hz: 20 });
    await pause(150);
    const { memory } = await recorder.span('work', () => pause(300));
    child.kill();
    const { faults } = memory;
    expect(memory.caveats).toEqual(['faults-by-ticks']);
    expect(faults).toMatchObject({ minor: 0, major: 0 });
    expect(faults.fromNs).toBeLessThanOrEqual(memory.fromNs);
    // A tick before the begin at most, or ten times a second.
    expect(Number(memory.fromNs - faults.fromNs)).toBeLessThan(0.25e9);
    expect(faults.toNs).toBeGreaterThan(memory.fromNs);
  });

  it('that is shorter than two ticks has no peak', async () => {
    await using recorder = await startRecording({ target: 'self', hz: 10 });
    const { memory } = await recorder.span('blink', () => 1);
    expect(memory.rss.peak).toEqual({ state: 'unsupported', reason: 'shorter-than-tick' });
    expect(memory.caveats).toContain('shorter-than-tick');
    expect(value(memory.rss.before)).toBeGreaterThan(MIB);
    expect(value(memory.rss.after)).toBeGreaterThan(MIB);
  });

  it('says when the sampler is in what is measured, and what it takes by itself', async () => {
    await using inside = await startRecording({ target: 'self', hz: 100, sampler: 'worker' });
    const { memory } = await inside.span('short', () => pause(60));
    expect(memory.caveats).toContain('sampler-in-process');
    await using beside = await startRecording({ target: 'self', hz: 100 });
    const { memory: clean } = await beside.span('short', () => pause(60));
    expect(clean.caveats).toEqual([]);
    expect(clean.self.rss).toBeGreaterThan(20 * MIB);
    expect(clean.self.rss).not.toBe(value(clean.rss.after));
  });

  it('ends also when the function throws', async () => {
    await using recorder = await startRecording({ target: 'self', hz: 100 });
    const failing = recorder.span('failing', () => {
      throw new Error('of the function');
    });
    await expect(failing).rejects.toThrow('of the function');
    await recorder.stop();
    expect(recorder.recording().marks()[0]!.endNs).toBeDefined();
  });
});

describe('measure', () => {
  it('tells what a call allocates and what it leaves behind', async () => {
    const held: number[][] = [];
    const leaking = await measure(() => held.push(new Array<number>(1000).fill(1.5)), { iterations: 500 });
    // 1000 doubles and their header.
    // Of what the first calls held, a part of the warm-up may be collected in between.
    expect(leaking.retainedPerOp).toBeGreaterThan(7000);
    expect(leaking.retainedPerOp).toBeLessThan(12_000);
    expect(leaking.allocatedPerOp).toBeGreaterThan(8000);
    const clean = await measure(() => new Array<number>(1000).fill(1.5), { iterations: 2000 });
    expect(clean.retainedPerOp).toBeLessThan(800);
    expect(clean.allocatedPerOp).toBeGreaterThan(8000);
    expect(clean.allocatedPerOp).toBeLessThan(24_000);
    expect(clean.caveats).toContain('shared-process');
    expect(held.length).toBe(510);
  });

  it.each([
    [() => measure(1 as never), /Expected a function to measure, or the URL of a module that exports one, got number/],
    [() => measure(() => 1, { iterations: 0 }), /"iterations" option to be an integer from 1 to 1000000000, got 0/],
    [() => measure(() => 1, { warmup: 0.5 }), /"warmup" option to be an integer from 0/],
  ])('refuses what is wrong', async (call, sentence) => {
    await expect(call()).rejects.toThrow(sentence);
  });
});

describe('tidemark/auto', () => {
  const auto = new URL('../../dist/harness/auto.js', import.meta.url).href;
  const run = async (script: string, env: Record<string, string>) => {
    const child = spawn(process.execPath, ['--import', auto, '-e', script], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, error] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), once(child, 'close')]);
    return { code: child.exitCode, out: Buffer.concat(out).toString(), error: Buffer.concat(error).toString() };
  };

  it('records a program that knows nothing of it, and what it starts, once', async () => {
    const file = path.join(folder, 'auto.tide');
    const nested = `require('node:child_process').execFileSync(process.execPath, ['--import', ${JSON.stringify(auto)}, '-e', 'setTimeout(() => {}, 400)'])`;
    const { code, out, error } = await run(`${nested}; console.log('done')`, {
      TIDEMARK_FILE: file,
      TIDEMARK_HZ: '50',
    });
    expect({ code, out, error }).toEqual({ code: 0, out: 'done\n', error: '' });
    // The helper closes the recording when the program has gone.
    for (;;) {
      using recording = openRecording(file);
      if (recording.summary().ticks.recorded > 0 && recording.events().some(({ event }) => event.type === 'close')) {
        expect(recording.processes().length).toBeGreaterThanOrEqual(2);
        break;
      }
      await pause(50);
    }
  });

  it('lets the program run when nothing can be recorded', async () => {
    const { code, out, error } = await run("console.log('done')", { TIDEMARK_HZ: 'fast' });
    expect({ code, out }).toEqual({ code: 0, out: 'done\n' });
    expect(error).toMatch(/^tidemark: nothing is recorded: Expected the "hz" option to be a number from 0.01 to 10000/);
  });
});
