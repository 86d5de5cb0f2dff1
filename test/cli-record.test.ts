/** `tidemark record` as a child process: what it makes, what it says where, and how it ends. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { openRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Command, quoted, runShell, startCommand, startTidemark } from './recorder/command.js';
import { endChild, MIB, scratch, startSleep, until, Workload } from './recorder/workload.js';
import { MAIN } from './tidemark-process.js';

let folder: ReturnType<typeof scratch>;
let child: ReturnType<typeof startSleep>;
beforeAll(() => {
  folder = scratch();
  child = startSleep(300);
});
afterAll(async () => {
  await endChild(child);
  folder[Symbol.dispose]();
});

let count = 0;
/** Records the sleeping child into a new file. */
function record(...words: string[]): Command & { file: string } {
  const file = folder.file(`${++count}.tide`);
  const command = startTidemark(
    ['record', '-o', file, '--size', '4M', '--pid', String(child.pid), ...words],
    folder.path,
  );
  return { ...command, file };
}

const isRecording = (command: Command) => until(() => command.stderr().includes('recording '), 'its first line');

describe.concurrent('record', () => {
  it('names its file after host and time, and says what it does and what comes next', async () => {
    const place = scratch();
    const command = startTidemark(
      ['record', '--size', '64M', '--for', '300ms', '--hz', '50', '--rollup', '4'],
      place.path,
    );
    const { code, stdout, stderr } = await command.ended;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const [file, ...others] = readdirSync(place.path);
    expect(others).toEqual([]);
    expect(file).toMatch(/^tidemark-.+-\d{8}-\d{6}\.tide$/);
    expect(file).toContain(`tidemark-${hostname()}-`);
    expect(statSync(place.file(file!)).mode & 0o777).toBe(0o600);
    expect(stderr).not.toContain('\x1b');
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(
        new RegExp(`^recording every process at 50 Hz with the (bpf|native|ts) engine into ${file}$`),
      ),
      expect.stringMatching(/^recorded .*: \d+ of 15 ticks, \d+ processes, [\d.]+ .iB$/),
      expect.stringMatching(/^recording cost [\d.]+ s of CPU, [\d.]+ % of one core, /),
      `next: tidemark info ${file}`,
      `      tidemark export ${file} --format csv -o ${file!.replace('.tide', '.csv')}`,
      '',
    ]);
    using recording = openRecording(place.file(file!));
    expect(recording.summary()).toMatchObject({ damage: [], ticks: { hz: 50, expected: 15 } });
    expect(recording.processes({ pid: process.pid })).toHaveLength(1);
    expect(recording.processes({ pid: command.child.pid! })).toHaveLength(1);
    expect(recording.sizeBytes).toBeLessThan(64 * MIB);
    place[Symbol.dispose]();
  });

  it('prints one JSON value, with the shape of `info` and the file', async () => {
    const command = record('--for', '200ms', '--hz', '10', '--json');
    const { code, stdout } = await command.ended;
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      file: command.file,
      ticks: { hz: 10, expected: 2 },
      processes: { seen: 1 },
    });
  });

  it('prints a table of what grew, and only that, on stdout', async () => {
    await using workload = await Workload.start();
    const file = folder.file('grown.tide');
    const words = [
      'record',
      '-o',
      file,
      '--size',
      '4M',
      '--pid',
      `${workload.pid},${child.pid}`,
      '--hz',
      '20',
      '--summary',
    ];
    const command = startTidemark(words, folder.path);
    await isRecording(command);
    await workload.tell(`map ${24 * MIB}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
    command.child.kill('SIGINT');
    const { code, stdout } = await command.ended;
    expect(code).toBe(0);
    const lines = stdout.split('\n').filter((line) => line !== '');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/PID +COMMAND +PEAK RSS +FIRST +LAST +GROWTH +OVER TIME/);
    expect(lines[1]).toMatch(new RegExp(`^ *${workload.pid} +python3 .*\\+2[34]`));
    expect(lines[2]).toMatch(new RegExp(`^ *${child.pid} +sleep .* 0 `));
  });

  it('takes --tree and --match, at the rates asked for', async () => {
    await using workload = await Workload.start();
    const born = Number(await workload.tell('fork'));
    const tree = folder.file('tree.tide');
    const match = folder.file('match.tide');
    const common = ['--size', '16M', '--for', '500ms', '--hz', '40', '--rollup', '20', '--engine', 'ts'];
    const outcomes = await Promise.all([
      startTidemark(['record', '-o', tree, '--tree', String(workload.pid), ...common], folder.path).ended,
      startTidemark(['record', '-o', match, '--match', 'comm:^sle{2}p$', ...common], folder.path).ended,
    ]);
    for (const { code } of outcomes) expect(code).toBe(0);
    expect(outcomes[0]!.stderr).toContain(
      `recording process ${workload.pid} and its descendants at 40 Hz with the ts engine`,
    );
    using grown = openRecording(tree);
    expect(
      grown
        .processes()
        .map(({ pid }) => pid)
        .sort(),
    ).toEqual([workload.pid, born].sort());
    expect(grown.summary().ticks).toMatchObject({ hz: 40, expected: 20 });
    const reads = grown.series(grown.processes({ pid: born })[0]!, 'pss').timeNs.length;
    expect(reads).toBeGreaterThan(2);
    expect(reads).toBeLessThanOrEqual(12);
    using matched = openRecording(match);
    expect(new Set(matched.processes().map(({ comm }) => comm))).toEqual(new Set(['sleep']));
    expect(matched.processes({ pid: child.pid! })).toHaveLength(1);
    process.kill(born, 'SIGKILL');
  });

  it('ends by itself when the last process has gone', async () => {
    const short = startSleep();
    const file = folder.file('gone.tide');
    const command = startTidemark(['record', '-o', file, '--size', '4M', '--pid', String(short.pid)], folder.path);
    await isRecording(command);
    await endChild(short);
    expect((await command.ended).code).toBe(0);
  });

  it('says which of several pids are not there', async () => {
    const file = folder.file('some.tide');
    const words = ['record', '-o', file, '--size', '4M', '--for', '100ms', '--pid', `${child.pid},2147483647`];
    const { code, stderr } = await startTidemark(words, folder.path).ended;
    expect(code).toBe(0);
    expect(stderr).toContain('tidemark record: No such process: 2147483647; recording the others\n');
  });
});

describe.concurrent('a signal', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends it in order', async (signal) => {
    const command = record('--hz', '50');
    await isRecording(command);
    await new Promise((resolve) => setTimeout(resolve, 150));
    command.child.kill(signal);
    const { code, stderr } = await command.ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/; Ctrl-C ends it\nrecorded /);
    expect(statSync(command.file).size).toBeLessThan(4 * MIB);
    using recording = openRecording(command.file);
    expect(recording.summary()).toMatchObject({ damage: [] });
    expect(recording.summary().ticks.recorded).toBeGreaterThan(0);
    expect(recording.events().at(-1)!.event).toEqual({ type: 'close', reason: 'stopped' });
  });

  it('given twice ends it at once, and the file is readable all the same', async () => {
    const command = record('--hz', '50');
    await isRecording(command);
    // Both are waiting when it wakes up.
    command.child.kill('SIGSTOP');
    command.child.kill('SIGINT');
    command.child.kill('SIGTERM');
    command.child.kill('SIGCONT');
    const { code } = await command.ended;
    expect([130, 143]).toContain(code);
    using recording = openRecording(command.file);
    expect(recording.summary()).toMatchObject({ damage: [], processes: { seen: 1 } });
  });

  it('while it starts leaves no file without a frame', async () => {
    const command = record('--hz', '50');
    await until(
      () => readFileSync(`/proc/${command.child.pid}/status`, 'utf8').match(/^SigCgt:.*[2367abef]\n/m) !== null,
    );
    command.child.kill('SIGINT');
    const { code, signal, stderr } = await command.ended;
    const isThere = existsSync(command.file);
    if (isThere) expect(signal).toBeNull();
    if (isThere) expect(openRecording(command.file).summary().ticks.recorded).toBeGreaterThan(0);
    else if (signal === null)
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/^tidemark record: /) });
  });

  it.each(['native', 'ts'])('SIGKILL loses nothing that was stored (%s)', async (engine) => {
    const command = record('--hz', '200', '--engine', engine, '--rollup', '20');
    await isRecording(command);
    await until(() => statSync(command.file).size > 0);
    await new Promise((resolve) => setTimeout(resolve, 400));
    using live = openRecording(command.file);
    const before = live.summary();
    command.child.kill('SIGKILL');
    expect((await command.ended).signal).toBe('SIGKILL');
    using recording = openRecording(command.file);
    const after = recording.summary();
    expect(after.damage).toEqual([]);
    expect(after.ticks.recorded).toBeGreaterThanOrEqual(before.ticks.recorded);
    expect(after.ticks.recorded).toBeGreaterThan(10);
    const ticks = [...recording.frames()].map((frame) => (frame.kind === 'frame' ? frame.tick : -1));
    expect(ticks).toHaveLength(after.ticks.recorded);
    expect(ticks).not.toContain(-1);
    const info = await startTidemark(['info', '--json', command.file], folder.path).ended;
    expect(info).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(info.stdout)).toMatchObject({ damage: [], ticks: { recorded: after.ticks.recorded } });
  });
});

describe('the progress line', () => {
  const words = (file: string) => ['record', '-o', file, '--size', '4M', '--for', '1900ms', '--pid', String(child.pid)];

  it('is on a terminal only', async () => {
    const [onTerminal, inPipe] = [folder.file('terminal.tide'), folder.file('pipe.tide')];
    const line = [process.execPath, MAIN, ...words(onTerminal)].map(quoted).join(' ');
    const [terminal, pipe] = await Promise.all([
      startCommand('script', ['-qec', line, '/dev/null'], folder.path).ended,
      runShell(`tidemark ${words(inPipe).map(quoted).join(' ')}`, folder.path),
    ]);
    expect(terminal.code).toBe(0);
    expect(terminal.stdout).toMatch(
      /\r\x1b\[K[\d.]+ ?s {2}1 processes {2}\d+ ticks, \d+ missed {2}[\d.]+ .{1,3} {2}[\d.]+ % of one core/,
    );
    // It is gone before the last words.
    expect(terminal.stdout).toMatch(/\r\x1b\[Krecorded /);
    expect(pipe).toMatchObject({ code: 0, stdout: '' });
    expect(pipe.stderr).not.toMatch(/[\r\x1b]/);
  });
});
