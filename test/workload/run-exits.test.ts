/** What a command's end becomes, and what goes wrong on our side. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MAIN, runTidemark } from '../tidemark-process.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-run-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sh = (script: string, ...options: string[]) => runTidemark(['run', ...options, '--', 'sh', '-c', script]);

describe('the exit code', () => {
  it.each([
    ['of the command', 'exit 0', 0],
    ['of a command that fails', 'exit 42', 42],
    ['of a command that a signal ended', 'kill -TERM $$', 143],
    ['of a command that was killed', 'kill -KILL $$', 137],
  ])('is that %s', async (_what, script, code) => {
    expect((await sh(script, '-q')).code).toBe(code);
  });

  it('is 127 for a command that is not there', async () => {
    const { code, stderr } = await runTidemark(['run', '--', 'no-such-command-here']);
    expect(code).toBe(127);
    expect(stderr).toBe('tidemark run: no-such-command-here: no such command\n');
  });

  it('is 126 for a command that cannot be run', async () => {
    const file = path.join(folder, 'not-executable');
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, 0o600);
    const { code, stderr } = await runTidemark(['run', '--', file]);
    expect(code).toBe(126);
    expect(stderr).toBe(`tidemark run: ${file}: permission denied\n`);
  });

  it.each([
    ['an option that is not there', ['--bogus'], /unknown option '--bogus'/],
    ['a metric that is not there', ['--max', 'pps.peak=1M'], /--max: "pps.peak" is not a metric; allowed: pss.peak, /],
    ['a limit without a unit', ['--max', 'pss.peak=1'], /--max: "1" is not a size/],
    ['no limit at all', ['--max', 'pss.peak'], /--max: "pss.peak" is not a limit/],
    ['no runs', ['--runs', '0'], /--runs: "0" is not a number; allowed: a whole number from 1 to 10000/],
    ['a recording on standard output', ['-o', '-'], /-o: a recording cannot be written to standard output/],
    ['JSON on standard output', ['--json', '-'], /--json: standard output is the command's/],
    ['a folder that is not there', ['--json', path.join(folder, 'none', 'x')], /--json: cannot write/],
  ])('is 125 for %s, and nothing is run', async (_what, options, sentence) => {
    const witness = path.join(folder, 'witness');
    const { code, stderr } = await runTidemark(['run', ...options, '--', 'touch', witness]);
    expect(code).toBe(125);
    expect(stderr).toMatch(sentence);
    expect(existsSync(witness)).toBe(false);
  });

  it('is 125 without a command', async () => {
    expect((await runTidemark(['run'])).code).toBe(125);
  });

  it('is 3 when a limit is exceeded, unless the command failed', async () => {
    const exceeded = await sh('sleep 0.1', '-q', '--max', 'pss.peak=1K');
    expect(exceeded.stderr).toMatch(/^tidemark run: pss.peak is [\d.]+ \wiB, more than 1.0 KiB\n$/);
    expect(exceeded.code).toBe(3);
    expect((await sh('sleep 0.1; exit 9', '-q', '--max', 'pss.peak=1K')).code).toBe(9);
    expect((await sh('sleep 0.1', '-q', '--max', 'pss.peak=1G', '--max', 'wall=1h')).code).toBe(0);
  });

  it('is 3 when a limit cannot be checked, with the reason', async () => {
    const { code, stderr } = await sh('exit 0', '-q', '--max', 'program.nobody.pss.peak=1G');
    expect(stderr).toMatch(/program.nobody.pss.peak is not known, .*: this run has no such metric/);
    expect(code).toBe(3);
  });
});

describe('what the command is given', () => {
  it('is what it would have without us', () => {
    const script = 'pwd; env | sort; ulimit -n; cat; grep -E "^Sig(Blk|Ign)" /proc/self/status; echo to stderr >&2';
    const env = { PATH: process.env.PATH, ODD: 'a\nb', HOME: '/nowhere' };
    const options = { cwd: folder, env, input: 'from stdin\n', encoding: 'latin1' } as const;
    // A shell in between, whose limit of descriptors is not the highest: Node raises its own.
    const limited = (words: string) => spawnSync('sh', ['-c', `ulimit -Sn 300; ${words}; exit $?`], options);
    const plain = limited(`sh -c '${script}'`);
    const ours = limited(`'${process.execPath}' '${MAIN}' run -q -- sh -c '${script}'`);
    expect(plain.stdout).toContain('300');
    expect(ours.stdout.replace(/^TIDEMARK_SOCKET=.*\n/m, '')).toBe(plain.stdout);
    expect(ours.stderr).toBe(plain.stderr);
  });

  it('is its environment as bytes', () => {
    const script = `X=$(printf 'a\\377b') '${process.execPath}' '${MAIN}' run -q -- sh -c 'printf %s "$X"'`;
    expect(spawnSync('sh', ['-c', script]).stdout).toEqual(Buffer.from([0x61, 0xff, 0x62]));
  });

  it('is an output that ends when the command has closed it', async () => {
    const child = spawn(process.execPath, [MAIN, 'run', '-q', '--', 'sh', '-c', 'exec >&-; cat >/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdout.resume();
    await once(child.stdout, 'end');
    // It still runs: what ended is what it closed.
    expect(child.exitCode).toBeNull();
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('signals', () => {
  it('reach the command, which decides', async () => {
    const ready = path.join(folder, 'ready');
    const script = `trap 'echo got TERM; exit 5' TERM; : >${ready}; while :; do sleep 0.05; done`;
    const child = spawn(process.execPath, [MAIN, 'run', '-q', '--', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const text = child.stdout.toArray();
    while (!existsSync(ready)) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([5, null]);
    expect(Buffer.concat(await text).toString()).toBe('got TERM\n');
  });

  it('sent to the whole group reach it once each', async () => {
    const [ready, got] = [path.join(folder, 'ready-2'), path.join(folder, 'got')];
    const script = `trap 'echo INT >>${got}' INT; : >${ready}; while ! [ -e ${ready}.end ]; do sleep 0.05; done`;
    const child = spawn(process.execPath, [MAIN, 'run', '-q', '--', 'sh', '-c', script], {
      detached: true,
      stdio: 'ignore',
    });
    while (!existsSync(ready)) await new Promise((resolve) => setTimeout(resolve, 20));
    process.kill(-child.pid!, 'SIGINT');
    while (!existsSync(got)) await new Promise((resolve) => setTimeout(resolve, 20));
    // Whoever passed it on a second time would do so within this.
    await new Promise((resolve) => setTimeout(resolve, 500));
    writeFileSync(`${ready}.end`, '');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(readFileSync(got, 'utf8')).toBe('INT\n');
  });

  it('end the waiting for what the command left behind', async () => {
    const pidFile = path.join(folder, 'pid');
    const script = `setsid sh -c 'echo $$ >${pidFile}; exec sleep 600' >/dev/null 2>&1 & while ! [ -s ${pidFile} ]; do sleep 0.05; done`;
    const child = spawn(process.execPath, [MAIN, 'run', '--', 'sh', '-c', script], {
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    let text = '';
    for await (const piece of child.stderr) {
      text += piece;
      if (text.includes('waiting for what it left behind')) child.kill('SIGINT');
    }
    expect(text).toContain('exit 0 after');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(process.kill(pid, 0)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });
});

it('a recorder that dies leaves the command alone', async () => {
  const [ready, done] = [path.join(folder, 'ready-3'), path.join(folder, 'done')];
  const script = `: >${ready}; while ! [ -e ${ready}.go ]; do sleep 0.05; done; : >${done}`;
  const child = spawn(process.execPath, [MAIN, 'run', '-q', '--', 'sh', '-c', script], { stdio: 'ignore' });
  while (!existsSync(ready)) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGKILL');
  await once(child, 'exit');
  writeFileSync(`${ready}.go`, '');
  while (!existsSync(done)) await new Promise((resolve) => setTimeout(resolve, 20));
});
