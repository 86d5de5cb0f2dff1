import { execFile } from 'node:child_process';
import { describe, expect, it, vi } from 'vitest';
import { endingWay, endProcess } from './end-process.js';

const module = new URL('../../dist/engine/end-process.js', import.meta.url);

/** What a program is like that ends by itself, or by us. */
function ended(code: string, env: Record<string, string> = {}) {
  const program = `
    import { endingWay, endProcess } from '${module.href}';
    process.on('exit', () => console.log('by Node'));
    ${code}`;
  return new Promise<{ stdout: string; code: unknown; signal: unknown }>((resolve) => {
    const args = ['--input-type=module', '--eval', program];
    execFile(
      process.execPath,
      args,
      { env: { PATH: process.env.PATH, NODE_V8_COVERAGE: '', ...env } },
      (error, stdout) => resolve({ stdout, code: error?.code ?? 0, signal: error?.signal }),
    );
  });
}

describe('the end of a program', () => {
  it('is not asked of Node, whatever there is still to do', async () => {
    const busy = 'setInterval(() => {}, 1000); endProcess(endingWay(), 7);';
    expect(await ended(busy)).toEqual({ stdout: '', code: 7, signal: null });
  });

  it('is behind nothing: where even the signal does nothing it is an error', () => {
    // A child that is killed cannot count what it ran, so the kill is seen here and not let through.
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    expect(() => endProcess('signal', 7)).toThrow('Behind the end of the program');
    expect(kill).toHaveBeenCalledWith(process.pid, 'SIGKILL');
    vi.restoreAllMocks();
    vi.stubEnv('NODE_V8_COVERAGE', undefined);
    expect(endingWay()).toBe('addon');
    vi.unstubAllEnvs();
  });

  it('is a signal where there is no addon', async () => {
    expect(await ended("endProcess('signal', 7);")).toMatchObject({ stdout: '', signal: 'SIGKILL' });
  });

  it.each([[{ NODE_V8_COVERAGE: '/dev/null' }], [{ NODE_OPTIONS: '--heap-prof --heap-prof-dir=/dev/null' }]])(
    'is left to Node where something measures it: %j',
    async (env) => {
      expect(await ended('console.log(endingWay());', env)).toMatchObject({ stdout: 'undefined\nby Node\n' });
    },
  );
});
