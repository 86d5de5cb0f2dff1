/** How a recorder begins, lives beside a busy program, and ends, without a trace of itself. */
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openRecording, type Recorder, type Recording, startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { childrenOf, endChild, MIB, scratch, startSleep, until } from './workload.js';

const SAMPLERS = ['worker', 'process'] as const;
const small = { hz: 50, sizeBytes: 2 * MIB, rollup: 'off' } as const;

/** Blocks this thread, and with it the event loop. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function helpers(): number[] {
  return childrenOf(process.pid, /sampler\/helper\.js/);
}

function openDescriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return [];
    }
  });
}

/** What a recording holds, in a form that two of them can be compared in. */
function contentOf(recording: Recording) {
  const frames = [];
  for (const frame of recording.frames()) {
    if (frame.kind === 'gap') frames.push(frame);
    else
      frames.push({
        tick: frame.tick,
        timeNs: frame.timeNs,
        rows: Array.from({ length: frame.count }, (_, i) => frame.process(i)),
      });
  }
  return { frames, marks: recording.marks(), processes: recording.processes(), metadata: recording.metadata };
}

describe.each(SAMPLERS)('sampler %s', (sampler) => {
  it('saves a copy that reads as the original, and never over something', async () => {
    using folder = scratch();
    const child = startSleep();
    await using recorder = await startRecording({ ...small, sampler, target: { pids: [child.pid!] } });
    recorder.mark('half');
    const span = recorder.begin('stretch');
    await pause(100);
    span.end();
    span.end();
    // While it goes on: everything up to now.
    recorder.save(folder.file('early.tide'));
    using early = openRecording(folder.file('early.tide'));
    expect(early.summary()).toMatchObject({ damage: [], processes: { seen: 1 } });
    await recorder.stop();
    recorder.save(folder.file('whole.tide'));
    expect(() => recorder.save(folder.file('whole.tide'))).toThrow(/exists/);
    using whole = openRecording(folder.file('whole.tide'));
    expect(contentOf(whole)).toEqual(contentOf(recorder.recording()));
    expect(contentOf(early).frames).toEqual(contentOf(whole).frames.slice(0, contentOf(early).frames.length));
    expect(whole.summary().ticks.recorded).toBeGreaterThan(early.summary().ticks.recorded - 1);
    expect(whole.marks()).toMatchObject([
      { name: 'half', kind: 'mark' },
      { name: 'stretch', kind: 'span' },
    ]);
    const stretch = whole.marks()[1]!;
    expect(Number(stretch.endNs! - stretch.timeNs) / 1e6).toBeGreaterThanOrEqual(99);
    await endChild(child);
  });

  it('goes on while the main thread is blocked, and stamps marks with the time at which they were made', async () => {
    const child = startSleep();
    await using recorder = await startRecording({ ...small, sampler, target: { pids: [child.pid!] } });
    const [before, after] = [process.hrtime.bigint(), Date.now()];
    recorder.mark('blocked');
    const span = recorder.begin('spinning');
    block(2000);
    span.end();
    const blockedFor = Number(process.hrtime.bigint() - before) / 1e6;
    await recorder.stop();
    const recording = recorder.recording();
    const [mark, spinning] = recording.marks();
    // Not when the sampler got round to it, nor when the main thread was free again.
    expect(Math.abs(Number(mark!.timeNs) / 1e6 - after)).toBeLessThan(200);
    expect(Math.abs(Number(spinning!.endNs! - spinning!.timeNs) / 1e6 - blockedFor)).toBeLessThan(200);
    const [process_] = recording.processes();
    const { timeNs } = recording.series(process_!, 'rss', { from: mark!.timeNs, to: spinning!.endNs! });
    expect(timeNs.length).toBeGreaterThan(70);
    expect(timeNs.length).toBeLessThanOrEqual(Math.ceil(blockedFor / 20) + 1);
    const { ticks } = recording.summary();
    expect(ticks.missed).toBeLessThan(ticks.expected * 0.3);
    expect(ticks.expected).toBe(ticks.recorded + ticks.missed);
    await endChild(child);
  });

  it('hands out frames while they are recorded, until the end', async () => {
    const child = startSleep();
    await using recorder = await startRecording({ ...small, sampler, target: { pids: [child.pid!] } });
    const ticks: number[] = [];
    for await (const frame of recorder.frames()) {
      if (frame.kind === 'gap') throw new Error('a gap in a ring that is nearly empty');
      expect(frame.count).toBe(1);
      expect(frame.process(0).pid).toBe(child.pid);
      expect(frame.value(0, 'rss')).toBe(frame.process(0).values.rss);
      expect(() => frame.process(1)).toThrow(RangeError);
      ticks.push(frame.tick);
      if (ticks.length === 10) recorder.stop();
    }
    expect(ticks.length).toBeGreaterThanOrEqual(10);
    expect(ticks).toEqual([...new Set(ticks)].sort((a, b) => a - b));
    expect(ticks).toEqual(contentOf(recorder.recording()).frames.map((frame) => 'tick' in frame && frame.tick));
    const late: number[] = [];
    for await (const frame of recorder.frames({ from: 'now' })) if (frame.kind === 'frame') late.push(frame.tick);
    expect(late).toEqual([]);
    await endChild(child);
  });

  it('ends by itself after the given time', async () => {
    await using recorder = await startRecording({ ...small, sampler, target: 'self', durationMs: 200 });
    // Not before its last message has been read, however busy we were.
    block(600);
    const { reason, progress } = await recorder.finished;
    expect(reason).toBe('time-over');
    expect(progress.ticks + progress.missedTicks).toBe(10);
    expect(recorder.recording().summary().ticks).toMatchObject({ expected: 10 });
    const warnings: string[] = [];
    await using quiet = await startRecording({
      ...small,
      sampler,
      durationMs: 20,
      onWarning: (text) => warnings.push(text),
    });
    await quiet.finished;
    quiet.mark('too late');
    expect(warnings).toEqual(['The recording has ended: a mark was not stored']);
  });

  it('ends at an abort, in order', async () => {
    const controller = new AbortController();
    await using recorder = await startRecording({ ...small, sampler, target: 'self', signal: controller.signal });
    controller.abort();
    expect(await recorder.finished).toMatchObject({ reason: 'stopped' });
    expect(await recorder.stop()).toMatchObject({ reason: 'stopped' });
    await expect(startRecording({ sampler, signal: controller.signal })).rejects.toThrow(/abort/i);
  });

  it('leaves nothing behind when it is aborted before its first frame', async () => {
    using folder = scratch();
    const controller = new AbortController();
    const options = { ...small, sampler, hz: 0.01, signal: controller.signal };
    const starting = startRecording({ ...options, file: folder.file('a.tide') });
    controller.abort();
    // Either it was quick enough to have a frame, or it says that it was stopped.
    const outcome = await starting.catch((error) => error as { code: string });
    if ('code' in outcome) {
      expect(outcome.code).toBe('stopped');
      expect(readdirSync(folder.path)).toEqual([]);
    } else await outcome[Symbol.asyncDispose]();
  });

  it('ends in earnest, however soon', async () => {
    // Node waits at its end for threads that may wait for it: some of them stayed for ever.
    for (let round = 0; round < 12; round++) {
      const controller = new AbortController();
      const starting = startRecording({ ...small, sampler, hz: 0.01, signal: controller.signal });
      controller.abort();
      await starting.then(
        (recorder) => recorder[Symbol.asyncDispose](),
        () => {},
      );
    }
    await until(() => helpers().length === 0, 'the end of all helpers');
  });

  it('gives everything back when it is disposed of', async () => {
    const files = openDescriptors().length;
    const seen: Recorder[] = [];
    {
      await using recorder = await startRecording({ ...small, sampler, target: 'self' });
      recorder.now();
      for await (const frame of recorder.frames()) if (frame.kind === 'frame') break;
      expect(helpers().length).toBe(sampler === 'process' ? 1 : 0);
      seen.push(recorder);
    }
    await until(() => helpers().length === 0, 'the end of the helper');
    await until(() => openDescriptors().length <= files, 'closed descriptors');
    // A second time is harmless.
    await seen[0]![Symbol.asyncDispose]();
    if (sampler === 'process') expect(() => seen[0]!.recording()).toThrow(/disposed/);
  });
});

describe('a sampler that is held up', () => {
  it('counts the ticks that it missed, and keeps the time of a mark that waited for it', async () => {
    const child = startSleep();
    await using recorder = await startRecording({ ...small, sampler: 'process', target: { pids: [child.pid!] } });
    await until(() => recorder.recording().summary().ticks.recorded > 3, 'the first ticks');
    const [helper] = helpers();
    process.kill(helper!, 'SIGSTOP');
    const before = BigInt(Date.now() - 1) * 1_000_000n;
    recorder.mark('meanwhile');
    const after = BigInt(Date.now() + 1) * 1_000_000n;
    await pause(600);
    process.kill(helper!, 'SIGCONT');
    const resumed = BigInt(Date.now()) * 1_000_000n;
    await until(() => recorder.now()!.timeNs > resumed + 100_000_000n, 'ticks after the pause');
    await recorder.stop();

    const recording = recorder.recording();
    const [mark] = recording.marks();
    expect(mark!.timeNs).toBeGreaterThanOrEqual(before);
    expect(mark!.timeNs).toBeLessThanOrEqual(after);
    const { ticks, coverage } = recording.summary();
    expect(ticks.missed).toBeGreaterThanOrEqual(25);
    expect(ticks.expected).toBe(ticks.recorded + ticks.missed);
    expect(coverage.dropped['missed-tick']).toBe(ticks.missed);
    // Deadlines are absolute: a tick's number tells its time, before and after the pause. The first may have taken longer than a
    // period, and the clock started behind it.
    const starts = [...recording.frames()].flatMap((frame) =>
      frame.kind === 'frame' && frame.tick > 0
        ? [Number(frame.timeNs) / 1e6 - frame.tick * 20 - frame.latenessNs / 1e6]
        : [],
    );
    expect(Math.max(...starts) - Math.min(...starts)).toBeLessThan(20);
    await endChild(child);
  });
});

describe('the death of the helper', () => {
  it('rejects `finished`, and what it wrote stands', async () => {
    using folder = scratch();
    const file = folder.file('a.tide');
    const warnings: string[] = [];
    const recorder = await startRecording({
      ...small,
      sampler: 'process',
      target: 'self',
      file,
      onWarning: (text) => warnings.push(text),
    });
    await until(() => recorder.now()!.processes.length > 0 && recorder.recording().summary().ticks.recorded > 5);
    process.kill(helpers()[0]!, 'SIGKILL');
    await until(() => warnings.length > 0, 'a warning');
    expect(warnings).toEqual(["The sampler's process ended (SIGKILL)"]);
    await expect(recorder.finished).rejects.toMatchObject({ code: 'sampler-died' });
    await expect(recorder.stop()).rejects.toThrow(/SIGKILL/);
    using recording = openRecording(file);
    const summary = recording.summary();
    expect(summary.damage).toEqual([]);
    expect(summary.ticks.recorded).toBeGreaterThan(5);
    expect(contentOf(recording).frames).toEqual(contentOf(recorder.recording()).frames);
    await recorder[Symbol.asyncDispose]();
  });
});
