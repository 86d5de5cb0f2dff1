/**
 * Time that does not go on as it should: the recorder is stopped for a while, as a machine that sleeps is, and the time of day is
 * put forward and back under it. What was not sampled is missed ticks and no value, and each frame has the time that the clock showed.
 *
 * It found: a step was stored with the next pair of clocks, up to ten seconds later, and all frames until then had the old time; and
 * behind a step back no time before it could be asked for, since the last frame was taken for the latest.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTidemark } from '../recorder/command.js';
import { endChild, scratch, startSleep, until } from '../recorder/workload.js';
import { MAIN, runTidemark } from '../tidemark-process.js';
import { compile, IS_LONG } from './programs.js';

let folder: ReturnType<typeof scratch>;
const child = startSleep(600);
beforeAll(() => {
  folder = scratch();
});
afterAll(async () => {
  await endChild(child);
  folder[Symbol.dispose]();
});

const ticksOf = (file: string) => {
  try {
    using recording = openRecording(file);
    return recording.summary().ticks.recorded;
  } catch {
    return 0;
  }
};
const WORDS = ['record', '--hz', '20', '--size', '4M', '--rollup', '5', '--pid', String(child.pid)];

const STOPPED_S = IS_LONG ? 60 : 3;

describe(`a recorder that is stopped for ${STOPPED_S} seconds`, () => {
  it('counts the ticks that it missed, and has no value of the time between', async () => {
    const file = folder.file('stopped.tide');
    const { child: recorder, ended } = startTidemark(
      [...WORDS, '--for', `${STOPPED_S + 3}s`, '-o', file],
      folder.path,
      90_000,
    );
    await until(() => ticksOf(file) > 5, 'the first ticks');
    recorder.kill('SIGSTOP');
    const stoppedNs = BigInt(Date.now() + 100) * 1_000_000n;
    await pause(STOPPED_S * 1000);
    const goneOnNs = BigInt(Date.now()) * 1_000_000n;
    recorder.kill('SIGCONT');
    expect(await ended).toMatchObject({ code: 0 });
    using recording = openRecording(file);
    const { ticks, coverage, damage } = recording.summary();
    expect(damage).toEqual([]);
    expect(ticks.missed).toBeGreaterThanOrEqual(20 * STOPPED_S - 5);
    const expected = 20 * (STOPPED_S + 3);
    expect(ticks).toMatchObject({ expected, recorded: expected - ticks.missed });
    expect(coverage.dropped['missed-tick']).toBe(ticks.missed);
    const { stdout } = await runTidemark(['export', file, '--format', 'csv', '--metric', 'rss']);
    const times = stdout
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => BigInt(line.split(',')[0]!));
    expect(times.length).toBeGreaterThan(20);
    expect(times.filter((time) => time > stoppedNs && time < goneOnNs)).toEqual([]);
  }, 90_000);
});

describe('the time of day put', () => {
  it.each([
    ['forward by an hour', 3600],
    ['back by an hour', -3600],
  ])('%s is that of the frames from the next tick on', async (_, seconds) => {
    const [file, shift] = [folder.file(`shifted${seconds}.tide`), folder.file(`shift${seconds}`)];
    writeFileSync(shift, '0');
    const preload = compile('shifted-clock', folder.path, ['-shared', '-fPIC', '-ldl']);
    const words = ['record', ...WORDS.slice(1), '--mappings', '5', '--host', '5'];
    const recorder = spawn(process.execPath, [MAIN, ...words, '--for', '3s', '-o', file], {
      env: { ...process.env, LD_PRELOAD: preload, SHIFTED_CLOCK: shift },
      stdio: 'ignore',
    });
    const ended = once(recorder, 'exit');
    await until(() => ticksOf(file) > 10, 'the first ticks');
    writeFileSync(shift, String(seconds));
    const steppedMs = Date.now();
    expect(await ended).toEqual([0, null]);
    const overMs = Date.now();

    const told = async (...range: string[]) => {
      const { code, stdout, stderr } = await runTidemark([
        ...['export', file, '--format', 'csv', '--metric', 'rss', ...range],
      ]);
      expect(code, stderr).toBe(0);
      return stdout
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => Number(BigInt(line.split(',')[0]!) / 1_000_000n));
    };
    const times = await told();
    const moved = times.map((time, index) => time - (times[index - 1] ?? time));
    const steps = moved.filter((ms) => Math.abs(ms) > 1_000_000);
    expect(steps).toEqual([expect.closeTo(seconds * 1000, -4)]);
    const at = moved.indexOf(steps[0]!);
    expect(at).toBeGreaterThan(5);
    // All before the step have the old time, all behind it the new one.
    for (const time of times.slice(0, at)) expect(time).toBeLessThan(steppedMs + 300);
    for (const time of times.slice(at)) {
      expect(time - seconds * 1000).toBeGreaterThan(steppedMs - 100);
      expect(time - seconds * 1000).toBeLessThan(overMs);
    }
    // A time of either side of the step finds what was there then; set back, the last frame is earlier by the clock than the first.
    for (const time of [times[at - 1]!, times.at(-1)!]) {
      // The millisecond in which a frame began has begun before it.
      const when = new Date(time + 1).toISOString();
      const shown = await runTidemark(['ps', '--in', file, '--at', when, '-o', 'pid,rss']);
      expect({ when, ...shown }).toMatchObject({ when, code: 0, stdout: expect.stringContaining(String(child.pid)) });
    }
    // What is cut out by times goes on over the step.
    const iso = (index: number, laterMs = 0) => new Date(times[index]! + laterMs).toISOString();
    expect(await told('--from', iso(at - 3))).toEqual(times.slice(at - 3));
    expect(await told('--to', iso(at + 2, 1))).toEqual(times.slice(0, at + 3));
    if (seconds > 0) {
      expect(await told('--from', iso(at - 3), '--to', iso(at + 2, 1))).toEqual(times.slice(at - 3, at + 3));
      return;
    }
    for (const words of [
      ['segments', '--in', file, String(child.pid)],
      ['host', '--in', file],
      ['why', '--in', file, String(child.pid)],
    ]) {
      const when = new Date(times[at - 1]!).toISOString();
      expect({ words, ...(await runTidemark([...words, '--at', when])) }).toMatchObject({ words, code: 0 });
    }
  });
});
