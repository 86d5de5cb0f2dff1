/** Command lines and exec, of real programs. */

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openRecording, startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { type CommandLine, CommandWriter, decodeCommand } from '../../src/recording/commands.js';
import { ringSpecs } from '../../src/recording/format.js';
import { RecordCursor } from '../../src/recording/packed-records.js';
import { RingReader } from '../../src/ring/ring-reader.js';
import { RingWriter } from '../../src/ring/ring-writer.js';
import { SharedStorage } from '../../src/ring/shared-storage.js';
import { ENGINES } from '../engine/engines.js';
import { runTidemark } from '../tidemark-process.js';
import { METADATA } from './synthetic.js';
import { scratch, until, Workload } from './workload.js';

const SECRET = 'hunter2hunter2';

describe('command lines', () => {
  it.each(['none', 'exe', 'redacted', 'full'] as const)('are stored as --cmdline %s says', async (cmdline) => {
    const shell = spawn('sh', ['-c', 'read x', 'sh', `--password=${SECRET}`, 'plain argument'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await once(shell, 'spawn');
    using folder = scratch();
    const file = folder.file('a.tide');
    await using recorder = await startRecording({
      target: { pids: [shell.pid!] },
      file,
      hz: 50,
      rollup: 'off',
      cmdline,
      sampler: 'worker',
    });
    const program = () => recorder.recording().processes({ pid: shell.pid! })[0]?.program;
    if (cmdline === 'none') {
      await until(() => (recorder.recording().summary().ticks.recorded > 20 ? true : undefined));
      expect(program()).toBeUndefined();
    } else {
      const stored = await until(program);
      const args = ['sh', '-c', 'read x', 'sh', `--password=${cmdline === 'full' ? SECRET : '***'}`, 'plain argument'];
      expect(stored).toEqual({
        exe: readlinkSync(`/proc/${shell.pid}/exe`),
        ...(cmdline === 'exe' ? {} : { args }),
      });
    }
    await recorder.stop();
    expect(readFileSync(file).includes(SECRET)).toBe(cmdline === 'full');
    shell.kill('SIGKILL');
  });

  it('tell of an exec: the process stays, its program is another', async () => {
    const workload = await Workload.start();
    const { pid } = workload;
    await using recorder = await startRecording({ target: { pids: [pid] }, hz: 50, rollup: 'off', sampler: 'worker' });
    await until(() => recorder.recording().processes({ pid })[0]?.program?.args);
    workload.child.stdin!.write('exec sleep 61\n');
    const event = await until(() =>
      recorder
        .recording()
        .events()
        .map((one) => one.event)
        .find(({ type }) => type === 'exec'),
    );
    expect(event).toMatchObject({ type: 'exec', pid, comm: 'sleep', args: ['sleep', '61'] });
    const [process, ...others] = recorder.recording().processes({ pid });
    expect(others).toEqual([]);
    expect(process).toMatchObject({ comm: 'sleep', program: { args: ['sleep', '61'] } });
    workload.child.kill('SIGKILL');
  });

  it.runIf(ENGINES.includes('bpf'))('tell at once of an exec of the same name where the kernel does', async () => {
    using folder = scratch();
    const copy = folder.file('bash');
    copyFileSync('/bin/bash', copy);
    chmodSync(copy, 0o755);
    const words = ['-c', 'read x; exec "$0" -c "read y; :"', copy];
    const child = spawn('/bin/bash', words, { stdio: ['pipe', 'ignore', 'inherit'] });
    const pid = child.pid!;
    const options = { hz: 50, rollup: 'off', sampler: 'worker', engine: 'bpf' } as const;
    await using recorder = await startRecording({ target: { pids: [pid] }, ...options });
    await until(() => recorder.recording().processes({ pid })[0]?.program?.args);
    child.stdin.write('on\n');
    const exec = () =>
      recorder
        .recording()
        .events()
        .map(({ event }) => event)
        .find(({ type }) => type === 'exec');
    // Looked at in turn it would be seen within a minute.
    expect(await until(exec)).toMatchObject({ pid, comm: 'bash', exe: copy });
    child.kill('SIGKILL');
  });

  it('are no exec when a process only takes another name', async () => {
    const workload = await Workload.start();
    const { pid } = workload;
    await using recorder = await startRecording({ target: { pids: [pid] }, hz: 50, rollup: 'off', sampler: 'worker' });
    await until(() => recorder.recording().processes({ pid })[0]?.program?.args);
    await workload.tell(`name ${Buffer.from('other').toString('hex')}`);
    const types = () =>
      recorder
        .recording()
        .events()
        .map(({ event }) => event.type);
    await until(() => (types().includes('rename') ? true : undefined));
    const ticks = recorder.recording().summary().ticks.recorded;
    await until(() => (recorder.recording().summary().ticks.recorded > ticks + 20 ? true : undefined));
    expect(types()).not.toContain('exec');
    workload.child.kill('SIGKILL');
  });

  describe('of a process that lives', () => {
    const command = (pid: number, startTicks = pid): CommandLine => ({
      pid,
      startTicks,
      args: [randomBytes(250).toString('hex'), `${pid} of ${startTicks}`],
    });

    /** What the ring has after what `tell` told first and, so that this would be overwritten, thousands that are gone. */
    function kept(tell: (writer: CommandWriter) => void): CommandLine[] {
      const buffer = new SharedArrayBuffer(2 ** 21);
      const ring = RingWriter.create(new SharedStorage(buffer), {
        rings: ringSpecs({ ...METADATA, cmdline: 'full' }),
        metadata: METADATA,
        blockBytes: 65536,
      });
      const writer = new CommandWriter(ring);
      tell(writer);
      for (let pid = 3; pid < 2000; pid++) {
        writer.write(BigInt(pid), command(pid));
        writer.depart(command(pid));
      }
      writer.flush();
      const reader = RingReader.open(new SharedStorage(buffer));
      const cursor = new RecordCursor(reader.cursor(reader.ringId('commands')));
      const found: CommandLine[] = [];
      for (let step = cursor.next(); step !== null; step = cursor.next()) {
        if (step === 'record') found.push(decodeCommand(cursor.type, cursor.payload)!);
      }
      return found;
    }

    it('are told again before they are overwritten', () => {
      const first = command(1);
      const found = kept((writer) => {
        writer.write(0n, first);
        writer.write(0n, command(2));
        writer.depart(command(2));
      });
      const pids = new Set(found.map(({ pid }) => pid));
      expect(found.find(({ pid }) => pid === 1)).toEqual(first);
      expect(pids.has(2)).toBe(false);
      expect(pids.size).toBeLessThan(1000);
    });

    it('are told again as they were last', () => {
      const last = command(1);
      const found = kept((writer) => {
        writer.write(0n, command(1));
        writer.write(0n, last);
      });
      expect(found.filter(({ pid }) => pid === 1).every(({ args }) => args![0] === last.args![0])).toBe(true);
    });

    it('are told apart where its pid is that of an earlier one that was not seen to go', () => {
      const [early, late, later] = [command(1, 10), command(1, 20), command(1, 20)];
      const found = kept((writer) => {
        for (const one of [early, late, later]) writer.write(0n, one);
      });
      const argsOf = (startTicks: number) =>
        new Set(found.filter((one) => one.pid === 1 && one.startTicks === startTicks).map(({ args }) => args![0]));
      expect(argsOf(10)).toEqual(new Set([early.args![0]]));
      expect(argsOf(20)).toEqual(new Set([later.args![0]]));
      const after = kept((writer) => {
        for (const one of [early, late]) writer.write(0n, one);
        writer.depart(early);
        writer.write(0n, later);
        writer.depart(later);
      });
      expect(after.some(({ pid }) => pid === 1)).toBe(false);
    });
  });
});

describe('arguments that cannot be read', () => {
  it('stall neither the ticks nor the end', async () => {
    using folder = scratch();
    const tree = path.join(folder.path, 'proc');
    for (const pid of [101, 102, 103, 104]) {
      mkdirSync(path.join(tree, String(pid)), { recursive: true });
      const own = path.join(tree, String(pid));
      writeFileSync(path.join(own, 'stat'), `${pid} (held) S 1 ${'1 '.repeat(17)}${pid} ${'1 '.repeat(30)}\n`);
      writeFileSync(path.join(own, 'statm'), '1000 500 100 1 0 200 0\n');
      symlinkSync('/opt/held', path.join(own, 'exe'));
      // Opening a pipe that nobody writes to takes for ever, as reading of a process does whose memory map is held.
      execFileSync('mkfifo', [path.join(own, 'cmdline')]);
    }
    const file = folder.file('held.tide');
    const { code, stderr } = await runTidemark([
      ...['record', '--procfs', tree, '--page-size', '4096', '--clock-ticks', '100', '--hz', '50'],
      ...['--for', '4s', '--rollup', 'off', '-o', file],
    ]);
    expect(code, stderr).toBe(0);
    using recording = openRecording(file);
    expect(recording.summary().ticks.recorded).toBeGreaterThan(100);
    const programs = recording.processes().map(({ program }) => program);
    // Two threads are given up; of the others the path is known at least, and of those two when it is their turn again.
    expect(programs.filter((program) => program?.exe === '/opt/held').length).toBeGreaterThanOrEqual(2);
  });
});
