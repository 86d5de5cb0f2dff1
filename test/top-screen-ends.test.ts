/**
 * The terminal after the screen of `top`, whichever way it ended, compared with what it was before.
 *
 * The faults are real ones: the tree that is sampled disappears, and code that Node was told to load throws.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Planted, plant } from './planted-processes.js';
import { fileText, Tmux, until } from './tmux.js';

const TIMEOUT_MS = 180_000;

let idle: Planted;
beforeAll(async () => {
  idle = await plant('idle', 0);
}, TIMEOUT_MS);
afterAll(() => {
  idle.child.kill('SIGKILL');
});

const isDrawn = (lines: readonly string[]) => /idle/.test(lines.join('\n')) && /^\? help/.test(lines.at(-1)!);

interface Running {
  readonly terminal: Tmux;
  readonly pid: number;
  readonly ended: () => Promise<string>;
  readonly before: Awaited<ReturnType<Tmux['state']>>;
}

/** A terminal that top has drawn on. */
async function drawn(words = `-p ${idle.pid} -d 0.3`, env: Record<string, string> = {}): Promise<Running> {
  const terminal = new Tmux(80, 24, env);
  const before = await terminal.state();
  const { ended, pidFile } = terminal.top(words);
  await terminal.until(isDrawn, 'the screen');
  expect(terminal.format('#{alternate_on} #{cursor_flag} #{wrap_flag}')).toBe('1 0 0');
  const pid = Number(await until(() => fileText(pidFile), 'the pid'));
  return { terminal, pid, ended, before };
}

async function expectRestored({ terminal, before }: Running): Promise<void> {
  expect(await terminal.state()).toEqual(before);
  // What was on the screen before is there again, and nothing of ours.
  expect(terminal.screen().join('\n')).not.toMatch(/MemAvailable/);
}

describe('the terminal is as it was', () => {
  it.each([
    ['q', '0'],
    ['C-c', '0'],
  ])(
    'after %s',
    async (key, code) => {
      const running = await drawn();
      using terminal = running.terminal;
      terminal.keys(key);
      expect(await running.ended()).toBe(code);
      await expectRestored(running);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['SIGTERM', '143'],
    ['SIGHUP', '129'],
    ['SIGALRM', '142'],
    ['SIGQUIT', '131'],
  ] as const)(
    'after %s, by which it ends',
    async (signal, code) => {
      const running = await drawn();
      using _ = running.terminal;
      process.kill(running.pid, signal);
      expect(await running.ended()).toBe(code);
      await expectRestored(running);
    },
    TIMEOUT_MS,
  );

  it(
    'after its sampler has died',
    async () => {
      const tree = path.join(process.env.TMPDIR ?? '/tmp', `tidemark-tree-${process.pid}`);
      mkdirSync(path.join(tree, String(idle.pid)), { recursive: true });
      for (const file of ['stat', 'statm', 'status', 'auxv']) {
        writeFileSync(path.join(tree, String(idle.pid), file), readFileSync(`/proc/${idle.pid}/${file}`));
      }
      cpSync('/proc/loadavg', path.join(tree, 'loadavg'));
      const running = await drawn(`--procfs ${tree}`);
      using terminal = running.terminal;
      rmSync(tree, { recursive: true });
      expect(await running.ended()).toBe('1');
      await terminal.until((_, text) => /^tidemark top: .*(ENOENT|no such file)/im.test(text), 'why it ended');
      await expectRestored(running);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['throws', "throw new Error('planted fault')", '1', /planted fault/],
    ['rejects', "Promise.reject(new Error('planted fault'))", '1', /planted fault/],
    ['exits', 'process.exit(7)', '7', /^/],
  ])(
    'after code that %s',
    async (_name, fault, code, sentence) => {
      const hook = path.join(process.env.TMPDIR ?? '/tmp', `tidemark-fault-${process.pid}.cjs`);
      writeFileSync(hook, `process.on('SIGPWR', () => { ${fault}; });\n`);
      try {
        const running = await drawn(undefined, { NODE_OPTIONS: `--require ${hook}` });
        using terminal = running.terminal;
        process.kill(running.pid, 'SIGPWR');
        expect(await running.ended()).toBe(code);
        await terminal.until((_lines, text) => sentence.test(text), 'the sentence');
        await expectRestored(running);
      } finally {
        rmSync(hook);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'while it is suspended, and the screen comes back',
    async () => {
      const running = await drawn();
      using terminal = running.terminal;
      for (const suspend of [() => terminal.keys('C-z'), () => process.kill(running.pid, 'SIGTSTP')]) {
        suspend();
        await until(() => (terminal.format('#{alternate_on}') === '0' ? true : undefined), 'the shell');
        await until(() => (/^State:\s+T/m.test(statusOf(running.pid)) ? true : undefined), 'the stop');
        // The shell says so and takes commands.
        await expectRestored(running);
        terminal.type('fg');
        terminal.keys('Enter');
        await terminal.until(isDrawn, 'the screen again');
        expect(terminal.format('#{alternate_on} #{cursor_flag} #{wrap_flag}')).toBe('1 0 0');
      }
      terminal.keys('q');
      // The shell that waited for it has seen it stop, and went on: so it is asked whether anything is left.
      await until(() => (statusOf(running.pid) === '' ? true : undefined), 'the end');
      await expectRestored(running);
    },
    TIMEOUT_MS,
  );
});

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}
