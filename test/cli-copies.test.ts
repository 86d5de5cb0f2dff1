/** `cut`, `merge`, `repair` and `tail` as commands: pipes, exit codes, names, and what is left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openRecording } from 'tidemark';
import { afterAll, describe, expect, it } from 'vitest';
import { FileStorage } from '../src/ring/file-storage.js';
import { Author, someone, unixOf } from './recorder/synthetic.js';
import { scratch, until } from './recorder/workload.js';
import { MAIN, runTidemark } from './tidemark-process.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());

function record(name: string, ticks = 200): string {
  const file = folder.file(name);
  const author = new Author({ storage: FileStorage.create(file, 2 ** 22), metadata: { cmdline: 'full' } });
  for (let slot = 0; slot < 3; slot++) author.arrive(slot, someone(100 + slot));
  for (let tick = 0; tick < ticks; tick++) {
    for (let slot = 0; slot < 3; slot++) author.set(slot, { rss: (tick + slot) * 4096 });
    if (tick === 100) author.writer.event(author.nowNs, { type: 'mark', name: 'here' });
    author.sweep();
  }
  author.close(true);
  return file;
}

const whole = record('whole.tide');

/** stdout as bytes. */
async function runForBytes(
  words: readonly string[],
  input: Uint8Array,
): Promise<{ code: number | null; bytes: Buffer }> {
  const child = spawn(process.execPath, [MAIN, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, bytes: Buffer.concat(chunks) };
}

describe('merge', () => {
  it('refuses a recording twice, by its names, and leaves nothing behind', async () => {
    const out = folder.file('twice.tide');
    const { code, stderr } = await runTidemark(['merge', whole, whole, '-o', out]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `tidemark merge: ${whole} and ${whole} are one recording: what both have would be counted twice\n`,
    });
    expect(existsSync(out)).toBe(false);
    const piped = await runTidemark(['merge', whole, '-', '-o', out], { input: readFileSync(whole) });
    expect(piped.code).toBe(1);
    expect(piped.stderr).toContain(`${whole} and standard input are one recording`);
  });
});

describe('cut', () => {
  it('goes through pipes into every command that reads recordings', async () => {
    const cut = await runForBytes(['cut', whole, '--from', 'here', '--to', '-5s', '-o', '-'], Buffer.alloc(0));
    expect(cut.code).toBe(0);
    const again = await runForBytes(['cut', '-', '--last', '2s', '-o', '-'], cut.bytes);
    const info = await runTidemark(['info', '-', '--json'], { input: again.bytes });
    expect(JSON.parse(info.stdout)).toMatchObject({ ticks: { recorded: 21, missed: 0 }, cut: true, damage: [] });
    const csv = await runTidemark(['export', '-', '--format', 'csv', '--metric', 'rss'], { input: again.bytes });
    const lines = csv.stdout.trimEnd().split('\n');
    expect(lines.length).toBe(1 + 21 * 3);
    expect(lines.at(-1)!.split(',')[0]).toBe(`${unixOf(149)}`);
    const merged = await runForBytes(['merge', '-', whole, '-o', '-'], again.bytes);
    const told = await runTidemark(['info', '-', '--json'], { input: merged.bytes });
    expect(JSON.parse(told.stdout)).toMatchObject({ ticks: { recorded: 221 }, damage: [] });
  });

  it('says that names stay in paths and arguments where those are not redacted', async () => {
    const cut = (what: string) => runTidemark(['cut', whole, '--redact', what, '-o', folder.file(`${what}.tide`)]);
    expect(await cut('comm')).toMatchObject({ code: 0, stderr: expect.stringMatching(/names of programs stay/) });
    expect(await cut('args,paths,comm')).toMatchObject({ code: 0, stderr: '' });
  });

  it('refuses what cannot be, and says how', async () => {
    const out = folder.file('never.tide');
    const cases: [string[], RegExp, number][] = [
      [['cut', whole, '--last', '1s', '--from', '-2s', '-o', out], /--last excludes/, 2],
      [['cut', whole, '--from', '-1s', '--to', '-2s', '-o', out], /--from: it is later/, 2],
      [['cut', whole, '--redact', 'names', '-o', out], /--redact: .*args, paths, comm/, 2],
      [['cut', whole], /--output/, 2],
      [['cut', folder.file('none.tide'), '-o', out], /none\.tide: no such file/, 1],
      [['cut', whole, '-o', whole], /exists already; --force/, 1],
      [['merge', whole, '-', '-', '-o', out], /standard input can be read once/, 2],
      [['repair', '-'], /-o: say where/, 2],
    ];
    for (const [words, sentence, code] of cases) {
      const outcome = await runTidemark(words);
      expect(outcome.stderr).toMatch(sentence);
      expect(outcome.stderr.trimEnd().split('\n').length).toBe(1);
      expect(outcome.code).toBe(code);
    }
    expect(readdirSync(folder.path).filter((name) => /never|partial/.test(name))).toEqual([]);
  });

  it('leaves nothing behind when it fails, and follows no link', async () => {
    const place = folder.file('place');
    mkdirSync(place);
    const target = path.join(place, 'target');
    writeFileSync(target, 'precious');
    symlinkSync(target, path.join(place, 'link.tide'));
    const linked = await runTidemark(['cut', whole, '-o', path.join(place, 'link.tide'), '--force']);
    expect(linked).toMatchObject({ code: 1, stderr: expect.stringMatching(/no regular file/) });
    expect(readFileSync(target, 'utf8')).toBe('precious');
    const missing = await runTidemark(['cut', whole, '-o', path.join(place, 'no', 'out.tide')]);
    expect(missing.code).toBe(1);
    expect(readdirSync(place).sort()).toEqual(['link.tide', 'target']);
  });

  it('takes a part of a recording that is being written', async () => {
    const file = folder.file('live.tide');
    const recorder = spawn(process.execPath, [MAIN, 'record', '--pid', String(process.pid), '--hz', '50', '-o', file], {
      stdio: 'ignore',
    });
    await until(() => ticksOf(file) > 20);
    const out = folder.file('live-cut.tide');
    expect((await runTidemark(['cut', file, '--last', '10m', '-o', out])).code).toBe(0);
    using recording = openRecording(out);
    expect(recording.summary()).toMatchObject({ damage: [] });
    expect(recording.summary().ticks.recorded).toBeGreaterThan(20);
    await end(recorder);
  });
});

describe('repair', () => {
  it('writes beside the file, says what was lost and where, and exits with 3', async () => {
    const file = record('torn.tide', 4000);
    const bytes = readFileSync(file);
    using recording = openRecording(file);
    const { offset } = recording.ring.blocks(0)[0]!;
    bytes.fill(0x5a, offset + 20_000, offset + 20_050);
    writeFileSync(file, bytes);
    const text = await runTidemark(['repair', file]);
    expect(text.code).toBe(3);
    expect(text.stdout).toMatch(/^byte \d+ \(ring counters, block 1\): a frame is damaged/);
    expect(text.stdout).toMatch(/lost, at least: \d+ frames of counters/);
    const json = await runTidemark(['repair', file, '-o', folder.file('mended.tide'), '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      schema: 1,
      isWhole: false,
      damage: [{ ring: 'counters', reason: 'bad-frame' }],
    });
    const mended = await runTidemark(['info', folder.file('torn.repaired.tide'), '--json']);
    expect(JSON.parse(mended.stdout)).toMatchObject({ damage: [], repaired: true });
    expect((await runTidemark(['repair', whole, '-o', folder.file('same.tide')])).code).toBe(0);
    // The header itself: the size of the blocks and the checksum are told from the blocks.
    const headless = readFileSync(whole);
    headless.writeUInt32LE(12_345, 16);
    const beheaded = folder.file('headless.tide');
    writeFileSync(beheaded, headless);
    expect((await runTidemark(['info', beheaded])).code).toBe(1);
    const refitted = await runTidemark(['repair', beheaded, '-o', folder.file('refitted.tide')]);
    expect(refitted).toMatchObject({ code: 3, stdout: expect.stringMatching(/header of the recording is damaged/) });
    const again = await runTidemark(['export', folder.file('refitted.tide'), '--format', 'csv']);
    expect(again.stdout).toBe((await runTidemark(['export', whole, '--format', 'csv'])).stdout);
    // One byte is told by the checksum: of the version, the file id, the length of the text, the text.
    for (const at of [0, 8, 24, 40, 64, 200, 2000]) {
      const flipped = readFileSync(whole);
      flipped[at]! ^= 0x15;
      writeFileSync(beheaded, flipped);
      expect((await runTidemark(['info', beheaded])).stderr).toMatch(
        at === 0 ? /TIDEMARK\n$/ : /; tidemark repair may save/,
      );
      expect((await runTidemark(['repair', beheaded, '-o', folder.file('mended.tide'), '--force'])).code).toBe(3);
      const { stdout } = await runTidemark(['export', folder.file('mended.tide'), '--format', 'csv']);
      expect(stdout, `byte ${at}`).toBe(again.stdout);
    }
    const ruin = folder.file('ruin.tide');
    writeFileSync(ruin, 'TIDEMARK and nothing else');
    expect((await runTidemark(['repair', ruin])).code).toBe(1);
  });
});

describe('tail', () => {
  it('prints the last ticks of a recording that has ended', async () => {
    const { code, stdout } = await runTidemark(['tail', whole, '-n', '3', '--json', '--no-events']);
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ tick }) => tick)).toEqual([197, 198, 199]);
    expect(lines[0]).toEqual({
      ...{ schema: 1, kind: 'tick', timeNs: `${unixOf(197)}`, tick: 197, processes: 3 },
      sums: { rss: { sum: (197 * 3 + 3) * 4096, measured: 3 } },
    });
  });

  it('says that nothing was measured rather than 0', async () => {
    const { stdout } = await runTidemark(['tail', whole, '-n', '1', '--metric', 'pss', '--no-events']);
    expect(stdout).toMatch(/3 processes {2}pss - of 0/);
  });

  it('follows a live one through arrivals and marks, and ends with it', async () => {
    const file = folder.file('followed.tide');
    const recorder = spawn(
      process.execPath,
      [MAIN, 'record', '--tree', String(process.pid), '--hz', '50', '-o', file],
      {
        stdio: 'ignore',
      },
    );
    await until(() => ticksOf(file) > 5);
    const tail = spawn(process.execPath, [MAIN, 'tail', file, '--json'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(tail, 'close');
    let stdout = '';
    tail.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    await until(() => stdout !== '');
    const sleeper = spawn('sleep', ['3.25'], { stdio: 'ignore' });
    await once(sleeper, 'exit');
    const before = ticksOf(file);
    await until(() => ticksOf(file) > before + 20);
    await end(recorder);
    expect(await ended).toEqual([0, null]);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const ticks = lines.filter(({ kind }) => kind === 'tick').map(({ tick }) => tick);
    using recording = openRecording(file);
    const recorded = [...recording.frames()].flatMap((frame) => (frame.kind === 'frame' ? [frame.tick] : []));
    expect(ticks).toEqual(recorded.slice(recorded.indexOf(ticks[0])));
    const about = lines.filter(({ kind, pid }) => kind === 'event' && pid === sleeper.pid).map(({ event }) => event);
    expect(about).toContain('arrive');
    expect(about.at(-1)).toBe('depart');
    expect(lines.at(-1)).toMatchObject({ kind: 'event', event: 'close' });
  });

  it('ends when its time is over, and when the writer is killed', async () => {
    const file = folder.file('killed.tide');
    const recorder = spawn(process.execPath, [MAIN, 'record', '--pid', String(process.pid), '--hz', '50', '-o', file], {
      stdio: 'ignore',
    });
    await until(() => ticksOf(file) > 5);
    expect((await runTidemark(['tail', file, '--for', '200ms'])).code).toBe(0);
    recorder.kill('SIGKILL');
    const { code, stderr } = await runTidemark(['tail', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'tidemark tail: the writer of the recording has died\n' });
    // What is cut of it is finished, although its end is not in there.
    const part = folder.file('killed-part.tide');
    expect((await runTidemark(['cut', file, '--last', '1s', '-o', part])).code).toBe(0);
    expect(await runTidemark(['tail', part, '-n', '1'])).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('the file of a recording', () => {
  it('is for its owner, and with --ring-group for a group', async () => {
    const own = folder.file('own.tide');
    const shared = folder.file('shared.tide');
    const words = ['record', '--pid', String(process.pid), '--for', '100ms', '--size', '2M', '-o'];
    expect((await runTidemark([...words, own])).code).toBe(0);
    expect((await runTidemark([...words, shared, '--ring-group', String(process.getgid!())])).code).toBe(0);
    const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
    expect([own, shared].map(mode)).toEqual(['600', '640']);
    const unknown = await runTidemark([...words, folder.file('b.tide'), '--ring-group', 'no-such-group']);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringMatching(/"ringGroup" option to be a group/) });
  });

  it('gets its folder when that alone is missing, and leaves none behind when it is refused', async () => {
    const words = ['record', '--for', '100ms', '--size', '2M'];
    const self = ['--pid', String(process.pid)];
    const mode = (file: string) => (statSync(file).mode & 0o777).toString(8);
    expect((await runTidemark([...words, ...self, '-o', folder.file('own/a.tide')])).code).toBe(0);
    const group = ['--ring-group', String(process.getgid!())];
    expect((await runTidemark([...words, ...self, ...group, '-o', folder.file('shared/a.tide')])).code).toBe(0);
    expect(['own', 'own/a.tide', 'shared', 'shared/a.tide'].map((name) => mode(folder.file(name)))).toEqual([
      '700',
      '600',
      '750',
      '640',
    ]);
    const far = await runTidemark([...words, ...self, '-o', folder.file('not/there/a.tide')]);
    expect(far.stderr).toContain(`there is no folder ${folder.file('not/there')}`);
    expect(far.code).toBe(1);
    expect(existsSync(folder.file('not'))).toBe(false);
    const nobody = await runTidemark([...words, '--pid', '4194304', '-o', folder.file('empty/a.tide')]);
    expect(nobody.code).toBe(4);
    expect(existsSync(folder.file('empty'))).toBe(false);
  });

  it('is refused to a second writer with the pid of the first, and taken over from a dead one', async () => {
    const file = folder.file('one-writer.tide');
    const words = ['record', '--pid', String(process.pid), '--hz', '50', '--resume', '-o', file];
    const first = spawn(process.execPath, [MAIN, ...words], { stdio: 'ignore' });
    await until(() => ticksOf(file) > 5);
    const second = await runTidemark([...words, '--for', '100ms']);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`process ${first.pid} is writing it`);
    first.kill('SIGKILL');
    await once(first, 'exit');
    const before = ticksOf(file);
    expect((await runTidemark([...words, '--for', '300ms'])).code).toBe(0);
    expect(ticksOf(file)).toBeGreaterThan(before);
    using recording = openRecording(file);
    expect(recording.summary()).toMatchObject({ damage: [], resumed: [{ reason: 'restart' }] });
  });
});

function ticksOf(file: string): number {
  try {
    using recording = openRecording(file);
    return recording.summary().ticks.recorded;
  } catch {
    return 0;
  }
}

async function end(recorder: ChildProcess): Promise<void> {
  recorder.kill('SIGTERM');
  await once(recorder, 'exit');
}
