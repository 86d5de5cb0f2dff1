/** Programs of ours beside this one, started by the addon and by Node. */
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { nativeBinding } from './native-binding.js';
import { type StartedProcess, startProcess } from './start-process.js';

const by = vi.hoisted(() => ({ node: false }));
vi.mock('./native-binding.js', async (original) => {
  const real = await original<typeof import('./native-binding.js')>();
  return { ...real, nativeBinding: () => (by.node ? { state: 'absent', reason: 'for a test' } : real.nativeBinding()) };
});

/** Starts Node on a script that has the line as `line`. */
function start(script: string, env: Record<string, string | undefined> = {}): StartedProcess {
  const words = ['-e', `const line = new (require('net').Socket)({ fd: 3 }); ${script}`, 'a "b"', ''];
  return startProcess(process.execPath, words, env);
}

async function textOf({ line }: StartedProcess): Promise<string> {
  let text = '';
  for await (const piece of line.setEncoding('utf8')) text += piece;
  return text;
}

describe.each(['the addon', 'Node'])('a process that is started by %s', (how) => {
  const prepared = () => {
    by.node = how === 'Node';
  };

  it('has the words, the environment and the files that it is given, and no others', async () => {
    prepared();
    // Node gives its children that one by itself, where coverage is counted.
    const told = `delete process.env.NODE_V8_COVERAGE && JSON.stringify({
      words: process.argv.slice(1),
      env: process.env,
      files: [0, 1, 3].map((fd) => fs.readlinkSync('/proc/self/fd/' + fd).replace(/[0-9]+/, 'N')),
      mask: /^SigBlk:.*?([0-9a-f]+)$/m.exec(fs.readFileSync('/proc/self/status', 'latin1'))[1],
    })`;
    const child = start(`const fs = require('fs'); line.end(${told})`, { ONE: 'ü=1', TWO: '', THREE: undefined });
    expect(JSON.parse(await textOf(child))).toEqual({
      words: ['a "b"', ''],
      env: { ONE: 'ü=1', TWO: '' },
      files: ['/dev/null', '/dev/null', 'socket:[N]'],
      mask: '0000000000000000',
    });
    expect(await child.ended(true)).toBe('code 0');
  });

  it('is talked to over its line, which closes with it', async () => {
    prepared();
    const child = start(
      `line.on('data', (data) => line.write(String(data).toUpperCase())).on('end', () => process.exit(7))`,
    );
    child.line.write('hello');
    expect(String((await once(child.line, 'data'))[0])).toBe('HELLO');
    child.line.end();
    await once(child.line, 'close');
    expect(await child.ended(true)).toBe('code 7');
    expect(() => process.kill(child.pid, 0)).toThrow('ESRCH');
  });

  it('tells by which signal it ended', async () => {
    prepared();
    const child = start('line.resume()');
    process.kill(child.pid, 'SIGKILL');
    await once(child.line.resume(), 'close');
    expect(await child.ended(true)).toBe('SIGKILL');
  });

  it('is refused when there is no such program', () => {
    prepared();
    expect(() => startProcess('/no/such/program', [], {})).toThrow('/no/such/program');
  });
});

describe('a process that is started by the addon', () => {
  it('leaves no descriptor behind where it is refused', async () => {
    by.node = false;
    expect(nativeBinding().state).toBe('loaded');
    const { readdirSync } = await import('node:fs');
    const before = readdirSync('/proc/self/fd').length;
    for (let time = 0; time < 50; time++) expect(() => startProcess('/dev/null', [], {})).toThrow('EACCES');
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(before + 10);
  });

  it('costs this one no fault for each page that it writes to afterwards, as one by Node does', async () => {
    const memory = Buffer.alloc(64 * 2 ** 20, 1);
    const faultsAfter = async (node: boolean) => {
      by.node = node;
      const child = start('line.end()');
      await textOf(child);
      const before = process.resourceUsage().minorPageFault;
      for (let at = 0; at < memory.length; at += 4096) memory[at]!++;
      const faults = process.resourceUsage().minorPageFault - before;
      await child.ended(true);
      return faults;
    };
    expect(await faultsAfter(true)).toBeGreaterThan(10_000);
    expect(await faultsAfter(false)).toBeLessThan(2000);
  });
});
