/** Actions on rules, with real processes: what is begun, with which arguments, how it ends, and what tells of it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { openRecording, type Recording, startRecording } from 'tidemark';
import { afterAll, describe, expect, it } from 'vitest';
import type { ActionPart } from '../../src/recording/action-part.js';
import { runTidemark } from '../tidemark-process.js';
import { startTidemark } from './command.js';
import { makeCgroup } from './memory-cgroup.js';
import { MIB, scratch, until, Workload } from './workload.js';

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

const actionsIn = (recording: Recording): (ActionPart & { name: string; pid?: number })[] =>
  [...recording.events()].flatMap(({ event }) =>
    event.type === 'mark' && event.action ? [{ ...event.action, name: event.name, pid: event.pid! }] : [],
  );

/** A program that writes its arguments into a file, each on a line. */
function printer(folder: { file(name: string): string }): { readonly program: string; readonly lines: () => string[] } {
  const [program, out] = [folder.file('printer'), folder.file('printed')];
  writeFileSync(program, `#!/bin/sh\nfor word in "$@"; do printf '%s\\n' "$word"; done >> ${out}\necho printed\n`);
  chmodSync(program, 0o755);
  return { program, lines: () => (existsSync(out) ? readFileSync(out, 'utf8').trimEnd().split('\n') : []) };
}

/** Of the processes with that command line. */
async function pidsOf(command: string): Promise<string> {
  const child = spawn('pgrep', ['-fx', command], { stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  for await (const chunk of child.stdout) out += chunk;
  return out;
}

describe.concurrent('record --on --exec', () => {
  it('acts upon memory, PSS and growth, once each, and tells of it', { timeout: 40_000 }, async () => {
    using folder = scratch();
    const file = folder.file('acted.tide');
    const { program, lines } = printer(folder);
    await using workload = await Workload.start();
    const command = startTidemark(
      [
        ...['record', '--pid', String(workload.pid), '-o', file, '--hz', '20', '--rollup', '5', '--size', '4M'],
        ...['--on', 'rss>100MiB', '--exec', `'${program}' mem {pid} {comm} {metric} {value} {file} "{time} {pid}"`],
        ...['--on', 'pss>110MiB|uss>110MiB', '--exec', `${program} share {metric}`],
        ...['--on', 'growth>1MiB/s', '--exec', `${program} growth {metric} {value}`],
      ],
      folder.path,
    );
    await until(() => command.stderr().includes('recording'), 'the recording');
    const isDone = () => ['mem', 'share', 'growth'].every((word) => lines().includes(word));
    for (let step = 0; step < 18 && !isDone(); step++) {
      await workload.tell(`map ${10 * MIB}`);
      await pause(1000);
    }
    await until(() => command.stderr().match(/: printed$/gm)?.length === 3, 'the end of the actions');
    command.child.kill('SIGINT');
    const { code, stderr } = await command.ended;
    expect(code).toBe(0);
    expect(stderr).toContain(`tidemark record: printer of process ${workload.pid}: printed\n`);
    const printed = lines();
    const at = printed.indexOf('mem');
    expect(printed.slice(at + 1, at + 4)).toEqual([String(workload.pid), 'python3', 'rss']);
    expect(Number(printed[at + 4])).toBeGreaterThan(100 * MIB);
    expect(printed[at + 5]).toBe(file);
    expect(printed[at + 6]).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z ${workload.pid}$`));
    expect(printed.filter((line) => ['mem', 'share', 'growth'].includes(line)).sort()).toEqual([
      'growth',
      'growth',
      'mem',
      'share',
    ]);
    const rate = Number(printed[printed.lastIndexOf('growth') + 1]);
    expect(rate / (10 * MIB)).toBeGreaterThan(0.8);
    expect(rate / (10 * MIB)).toBeLessThan(1.2);
    using recording = openRecording(file);
    const actions = actionsIn(recording);
    expect(
      actions
        .filter(({ state }) => state === 'fired')
        .map(({ rule }) => rule)
        .sort(),
    ).toEqual(['growth>1MiB/s', 'pss>110MiB|uss>110MiB', 'rss>100MiB']);
    const ended = actions.filter(({ state }) => state === 'ended');
    expect(ended).toHaveLength(3);
    for (const { exitCode, command: program, pid } of ended)
      expect([exitCode, program, pid]).toEqual([0, 'printer', workload.pid]);
    expect(recording.marks().map(({ name }) => name)).toContainEqual(
      expect.stringMatching(/^rss>100MiB: 1\d\d\.\d MiB$/),
    );
    expect(recording.marks().map(({ name }) => name)).toContainEqual(
      expect.stringMatching(/^printer after rss>100MiB: exit 0, [\d.]+m?s$/),
    );
    const { stdout } = await runTidemark(['info', file]);
    expect(stdout).toMatch(/^actions +rss>100MiB: printer, 1 fired$/m);
    expect(JSON.parse((await runTidemark(['info', file, '--json'])).stdout).actions).toHaveLength(3);
  });

  it('ends what hangs, with all that it began, and shows a part of a flood', { timeout: 25_000 }, async () => {
    using folder = scratch();
    const file = folder.file('hung.tide');
    await using workload = await Workload.start();
    const secret = `tidemark-hang-${process.pid}`;
    const sleep = `sleep 98.${process.pid}`;
    const hang = `trap "" TERM; ${sleep} & yes ${secret}`;
    const command = startTidemark(
      [
        ...[
          'record',
          '--pid',
          String(workload.pid),
          '-o',
          file,
          '--hz',
          '20',
          '--size',
          '4M',
          '--exec-timeout',
          '700ms',
        ],
        ...['--on', 'rss>1MiB', '--exec', `sh -c '${hang}'`, '--on', 'rss>1MiB', '--exec', `sh -c 'kill -SEGV $$'`],
      ],
      folder.path,
    );
    await until(() => command.stderr().includes(secret), 'the begin of the action');
    expect(await pidsOf(sleep)).not.toBe('');
    await until(() => command.stderr().includes('timed out after'), 'the end of the action', 15_000);
    expect(await pidsOf(sleep)).toBe('');
    command.child.kill('SIGINT');
    const { code, stderr } = await command.ended;
    expect(code).toBe(0);
    expect(stderr.match(new RegExp(`: ${secret}$`, 'gm'))).toHaveLength(100);
    expect(stderr).toContain('... what else it prints is not shown');
    expect(stderr).toMatch(
      /The action sh of process \d+ \(python3\): timed out after [5-9]\.\d+s, killed by SIGKILL$/m,
    );
    using recording = openRecording(file);
    expect(actionsIn(recording)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ state: 'timed-out', signal: 'SIGKILL' }),
        expect.objectContaining({ state: 'ended', signal: 'SIGSEGV' }),
      ]),
    );
  });

  it('gives a hostile name as one harmless argument', { timeout: 20_000 }, async () => {
    using folder = scratch();
    const { program, lines } = printer(folder);
    await using workload = await Workload.start();
    await workload.tell(`name ${Buffer.from('-/../$(x)\n{pid}').toString('hex')}`);
    await using recorder = await startRecording({
      target: { pids: [workload.pid] },
      hz: 20,
      actions: [{ on: 'rss>1MiB', exec: [program, '{comm}', '--name={comm}'] }],
    });
    await until(() => lines().length >= 2, 'the arguments');
    expect(lines()).toEqual(['__.._$(x)\\x0A{pid}', '--name=__.._$(x)\\x0A{pid}']);
    await recorder.stop();
  });

  it('acts upon no action', { timeout: 20_000 }, async () => {
    using folder = scratch();
    const name = `tmhog${process.pid}`.slice(0, 15);
    const hog = folder.file(name);
    const body = 'x = bytearray(80 << 20)\nimport time\ntime.sleep(1.5)\n';
    writeFileSync(hog, `#!/usr/bin/python3\n${body}`);
    chmodSync(hog, 0o755);
    const warnings: string[] = [];
    await using recorder = await startRecording({
      target: { match: new RegExp(`^${name}$`), on: 'comm' },
      hz: 50,
      actions: [{ on: 'rss>60MiB', exec: hog, everyMs: 0 }],
      onWarning: (sentence) => warnings.push(sentence),
    });
    children.push(spawn(hog));
    await until(() => actionsIn(recorder.recording()).some(({ state }) => state === 'ended'), 'the end of the action');
    await pause(1000);
    expect(actionsIn(recorder.recording()).filter(({ state }) => state === 'fired')).toHaveLength(1);
  });

  it('has an action that is under way at the end go on, and says so', { timeout: 20_000 }, async () => {
    using folder = scratch();
    const done = folder.file('done');
    await using workload = await Workload.start();
    const words = [
      'record',
      '--pid',
      String(workload.pid),
      '-o',
      folder.file('end.tide'),
      '--for',
      '1s',
      '--size',
      '4M',
    ];
    const { code, stderr } = await startTidemark(
      [...words, '--on', 'rss>1MiB', '--exec', `sh -c 'sleep 2; touch ${done}'`],
      folder.path,
    ).ended;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^tidemark record: waiting for sh of process \d+, at most [\d.]+s; Ctrl-C ends it$/m);
    expect(existsSync(done)).toBe(true);
  });

  it('acts upon the largest of a control group that is full', { timeout: 25_000 }, async (context) => {
    const made = makeCgroup(`tidemark-actions-${process.pid}`, 128 * MIB);
    if (typeof made === 'string') return context.skip(made);
    await using group = made;
    await using large = await Workload.start();
    await using small = await Workload.start();
    for (const { pid } of [large, small]) group.add(pid);
    await using recorder = await startRecording({
      target: { pids: [large.pid, small.pid] },
      hz: 20,
      actions: [{ on: 'limit>80%', exec: ['true'] }],
    });
    await large.tell(`map ${60 * MIB}`);
    await small.tell(`map ${50 * MIB}`);
    await until(() => actionsIn(recorder.recording()).length >= 2, 'the action', 15_000);
    const { pid, value, metric } = actionsIn(recorder.recording())[0]!;
    expect([pid, metric]).toEqual([large.pid, 'limit']);
    expect(value).toBeGreaterThan(0.8);
    await recorder.stop();
  });
});

describe('run --on --exec', () => {
  it('ends what is under way when the command has ended', { timeout: 20_000 }, async () => {
    using folder = scratch();
    const file = folder.file('run.tide');
    const words = [
      'run',
      '-q',
      '-o',
      file,
      '--on',
      'rss>25MiB',
      '--exec',
      'sleep 61',
      '--',
      process.execPath,
      '-e',
      'setTimeout(() => {}, 1500)',
    ];
    const { code, stderr } = await runTidemark(words);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^tidemark run: Ending sleep of process \d+ with the recording$/m);
    expect(stderr).toMatch(
      /^tidemark run: The action sleep of process \d+ \(.*\): ended with the recording after [\d.]+m?s, killed by SIGTERM$/m,
    );
    using recording = openRecording(file);
    expect(actionsIn(recording).map(({ state }) => state)).toEqual(['fired', 'stopped']);
  });
});

describe('what cannot be acted upon is refused at the start', () => {
  it.each([
    [['--on', 'rss>1GiB'], /--on and --exec come in pairs, and there are 1 of the one and 0 of the other/],
    [['--on', 'rss>1', '--exec', 'true'], /--on: "rss>1" is not a rule; allowed: a number with a unit/],
    [
      ['--on', 'rss>1GiB', '--exec', 'no-such-program {pid}'],
      /--exec: There is no program 'no-such-program' for an action in PATH/,
    ],
    [
      ['--on', 'rss>1GiB', '--exec', '/etc/passwd'],
      /--exec: The program of an action, \/etc\/passwd, is not executable/,
    ],
    [['--on', 'pss>1GiB', '--exec', 'true', '--rollup', 'off'], /pss is told by none with "rollup" off/],
    [['--on', 'rss>1GiB', '--exec', 'true', '--exec-timeout', '0s'], /--exec-timeout: /],
  ])('%j', async (words, reason) => {
    using folder = scratch();
    const file = folder.file('none.tide');
    const { code, stderr } = await runTidemark(['record', '--for', '1s', '-o', file, ...words]);
    expect(stderr).toMatch(reason);
    expect([code, existsSync(file), stderr.trimEnd().split('\n').length]).toEqual([2, false, 1]);
  });

  it('in the library by a TypeError or a RangeError', async () => {
    const start = (actions: unknown) => startRecording({ actions } as Parameters<typeof startRecording>[0]);
    await expect(start('rss>1GiB')).rejects.toThrow(/"actions" option to be an array/);
    await expect(start([{ on: 'rss>1GiB' }])).rejects.toThrow(/"exec" of an action/);
    await expect(start([{ on: 1, exec: 'true' }])).rejects.toThrow(/"on" of an action to be text, got 1/);
    await expect(start([{ on: 'rss>1GiB', exec: 'echo {uid}' }])).rejects.toThrow(/There is no \{uid\} to be replaced/);
    await expect(start([{ on: 'rss>1GiB', exec: 'echo a > b' }])).rejects.toThrow(/no shell is run/);
    await expect(start([{ on: 'rss>1GiB', exec: '{comm} x' }])).rejects.toThrow(/must not depend on what it is about/);
    await expect(startRecording({ engine: 'ts', actions: [{ on: 'swapAnon>1B', exec: 'true' }] })).rejects.toThrow(
      /swapAnon is told by no other, and this is ts/,
    );
    await expect(start([{ on: 'rss>1GiB', exec: [] }])).rejects.toThrow(/a program and its arguments/);
    await expect(start([{ on: 'rss>1GiB', exec: 'true', shell: true }])).rejects.toThrow(/An action has no "shell"/);
    await expect(start([{ on: 'rss>1GiB', exec: 'true', timeoutMs: 0 }])).rejects.toThrow(RangeError);
  });
});
