/** `tidemark info`: its JSON is a shape that others script against, and whatever is given to it gets one answer. */
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { startRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runShell, startTidemark } from './recorder/command.js';
import { MIB, scratch, until } from './recorder/workload.js';
import { runTidemark } from './tidemark-process.js';

let folder: ReturnType<typeof scratch>;
let file: string;
beforeAll(async () => {
  folder = scratch();
  file = folder.file('a.tide');
  await using recorder = await startRecording({
    target: 'self-tree',
    file,
    hz: 50,
    rollup: 50,
    audit: 1,
    budget: 1,
    maxHoldMs: 1000,
    sizeBytes: 8 * MIB,
    durationMs: 600,
  });
  await recorder.finished;
});
afterAll(() => folder[Symbol.dispose]());

const infoOf = async (path: string) => {
  const { code, stdout, stderr } = await runTidemark(['info', '--json', path]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
};

const NUMBER = expect.any(Number);

describe('info --json', () => {
  it('has exactly the shape that is documented', async () => {
    const info = await infoOf(file);
    // More may be added beside these; what is named keeps its name, place and type.
    expect(info).toMatchObject({
      schema: 1,
      engine: expect.stringMatching(/^(bpf|native|ts)$/),
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$/),
      durationSeconds: NUMBER,
      bytes: readFileSync(file).length,
      damage: [],
    });
    expect(info.ticks).toEqual({
      hz: 50,
      expected: 30,
      recorded: NUMBER,
      missed: NUMBER,
      latenessMs: { p50: NUMBER, p99: NUMBER, max: NUMBER },
    });
    expect(info.processes).toEqual({ max: NUMBER, seen: NUMBER });
    expect(info.self).toEqual({
      cpuSeconds: NUMBER,
      cpuShareOfOneCore: NUMBER,
      usPerProcessPerTick: NUMBER,
      residentBytes: NUMBER,
      deepShareOfOneCore: NUMBER,
    });
    expect(info.coverage).toEqual({ attempted: NUMBER, stored: NUMBER, dropped: expect.any(Object) });
    expect(info.audit).toEqual({ checked: NUMBER, mismatches: 0 });
  });

  it('adds up', async () => {
    const { ticks, coverage, points, bytes, bytesPerPoint, durationSeconds, self, processes, audit } =
      await infoOf(file);
    expect(ticks.expected).toBe(ticks.recorded + ticks.missed);
    expect(ticks.recorded).toBeGreaterThan(10);
    const dropped = Object.values(coverage.dropped as Record<string, number>).reduce((sum, rows) => sum + rows, 0);
    expect(coverage.attempted).toBe(coverage.stored + dropped);
    expect(coverage.stored).toBeGreaterThanOrEqual(ticks.recorded);
    expect(bytesPerPoint).toBeCloseTo(bytes / points, 9);
    expect(points).toBeGreaterThanOrEqual(ticks.recorded * 10);
    expect(durationSeconds).toBeGreaterThan(0.3);
    expect(self.cpuShareOfOneCore).toBeCloseTo(self.cpuSeconds / durationSeconds, 9);
    expect(self.cpuSeconds).toBeGreaterThan(0);
    expect(self.residentBytes).toBeGreaterThan(10 * MIB);
    expect(ticks.latenessMs.p50).toBeLessThanOrEqual(ticks.latenessMs.p99);
    expect(ticks.latenessMs.p99).toBeLessThanOrEqual(ticks.latenessMs.max);
    expect(processes.seen).toBeGreaterThanOrEqual(processes.max);
    expect(audit.checked).toBeGreaterThan(0);
  });

  it('is the same through a pipe', async () => {
    const { code, stdout } = await runTidemark(['info', '--json', '-'], { input: readFileSync(file) });
    expect(code).toBe(0);
    const [piped, read] = [JSON.parse(stdout), await infoOf(file)];
    // A pipe is taken in whole words of eight bytes.
    expect({ ...piped, bytes: 0, bytesPerPoint: 0 }).toEqual({ ...read, bytes: 0, bytesPerPoint: 0 });
  });

  it('knows a recording that is still being made', async () => {
    await using recorder = await startRecording({
      target: 'self',
      file: folder.file('live.tide'),
      hz: 50,
      sizeBytes: 4 * MIB,
    });
    const first = await infoOf(recorder.file!);
    expect(first).toMatchObject({ damage: [], processes: { seen: 1 } });
    // What is in use, of the 4 MiB that are allocated.
    expect(first.bytes).toBeLessThan(MIB);
    expect(first.bytes).toBeGreaterThan(65536);
    await until(() => recorder.recording().summary().ticks.recorded > first.ticks.recorded + 2);
    expect((await infoOf(recorder.file!)).ticks.recorded).toBeGreaterThan(first.ticks.recorded);
  });
});

describe('info for people', () => {
  it('says the same on one line each', async () => {
    const { code, stdout, stderr } = await runTidemark(['info', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { ticks, processes, points } = await infoOf(file);
    expect(stdout).toContain(`ticks      ${ticks.recorded} of 30 at 50 Hz, ${ticks.missed} missed, late by `);
    expect(stdout).toContain(`processes  ${processes.seen} seen, ${processes.max} at once\n`);
    expect(stdout).toContain(`points     ${points} in `);
    expect(stdout).toMatch(/^damage {5}none$/m);
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .every((line) => /^[a-z]+ +\S/.test(line)),
    ).toBe(true);
  });
});

describe('what is not a whole recording', () => {
  const copy = (name: string) => {
    copyFileSync(file, folder.file(name));
    return folder.file(name);
  };

  it('is read as far as it goes when it is cut', async () => {
    const whole = await infoOf(file);
    for (const bytes of [Math.floor(whole.bytes / 2), whole.bytes - 1, whole.bytes - 70_000]) {
      const cut = copy(`cut-${bytes}`);
      truncateSync(cut, bytes);
      const info = await infoOf(cut);
      expect(info.damage.length).toBeGreaterThan(0);
      for (const damage of info.damage) expect(damage).toMatchObject({ offset: NUMBER, reason: expect.any(String) });
      expect(info.ticks.recorded).toBeLessThanOrEqual(whole.ticks.recorded);
      expect(info.coverage.attempted).toBeGreaterThanOrEqual(info.coverage.stored);
    }
  });

  it('shows its damage with its place when bytes are wrong', async () => {
    const bytes = readFileSync(file);
    // Within the first frame of a block: where all that follows it is wrong as well, nothing was ever committed there.
    const at = bytes.indexOf('TBLK') + 80;
    bytes.fill(0xa5, at, at + 16);
    writeFileSync(folder.file('broken.tide'), bytes);
    const info = await infoOf(folder.file('broken.tide'));
    expect(info.damage.length).toBeGreaterThan(0);
    for (const { offset } of info.damage) expect(Math.abs(offset - at)).toBeLessThan(65_536);
    const { stdout } = await runTidemark(['info', folder.file('broken.tide')]);
    expect(stdout).toMatch(/^damage {5}bad-\w+ at byte \d+/m);
  });

  it.concurrent.each([
    ['empty', '', 1],
    ['text', 'pid,rss\n1,2\n'.repeat(5000), 1],
    ['zeros', Buffer.alloc(200_000), 1],
    ['a header alone', 'TIDEMARK', 1],
  ])('is named in one line: %s', async (name, content, code) => {
    const path = folder.file(name.replaceAll(' ', '-'));
    writeFileSync(path, content);
    for (const [words, options] of [
      [['info', path], {}],
      [['info', '-'], { input: content }],
      [['export', path, '--format', 'csv'], {}],
    ] as const) {
      const outcome = await runTidemark(words, options);
      expect({ code: outcome.code, stdout: outcome.stdout }).toEqual({ code, stdout: '' });
      expect(outcome.stderr).toMatch(/^tidemark (info|export): .+\n$/);
      expect(outcome.stderr).toContain(words[1] === '-' ? 'standard input' : path);
    }
  });

  it('is named in one line: something that is no file', async () => {
    const missing = await runTidemark(['info', folder.file('missing\x1b')]);
    expect(missing).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^tidemark info: .*missing\\x1B: no such file\n$/),
    });
    expect(await runTidemark(['info', folder.path])).toMatchObject({ code: 1, stdout: '' });
    const fifo = await runShell('mkfifo pipe; tidemark info pipe', folder.path);
    expect(fifo).toMatchObject({ code: 1, stdout: '' });
    expect((await runTidemark(['info'])).code).toBe(2);
    const command = startTidemark(['info', '/dev/zero'], folder.path);
    expect((await command.ended).code).toBe(1);
  });
});
