/** The leak test beyond the heap: memory of malloc, modules in a process of their own, and servers. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { measureGrowth } from 'tidemark';
import { describe, expect, it } from 'vitest';

/** A test has 60 s, in which it may be tried again. */
const MOST_MS = 15_000;

const program = (name: string) => new URL(`programs/${name}`, import.meta.url);

/** A server in a process of its own, ended with the test. */
async function withServer(words: readonly string[], use: (url: URL, pid: number) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [program('server.mjs').pathname, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [port] = await once(child.stdout, 'data');
    await use(new URL(`http://127.0.0.1:${String(port).trim()}/`), child.pid!);
  } finally {
    child.kill();
  }
}

describe('memory of malloc', () => {
  it('that no heap knows of is found, and told from the heap', async () => {
    const held: unknown[] = [];
    // A context of OpenSSL is some hundred bytes of malloc, its object a little of the heap.
    const growth = await measureGrowth(() => held.push(createHash('sha256')), { iterations: 500 });
    expect(growth).toMatchObject({ verdict: 'grows', fastest: 'malloc' });
    expect(growth.byKind.malloc!.low).toBeGreaterThan(200);
    expect(growth.byKind.external!.value).toBeLessThan(16);
    expect(growth.perIteration.value).toBeGreaterThan(growth.byKind.malloc!.value);
    expect(growth.fastestMapping).toMatchObject({ owner: expect.stringMatching(/^(?:glibc|v8)/) });
    expect('inUse' in growth.malloc && growth.malloc.inUse.low).toBeGreaterThan(200);
  });

  it('that is given back is fragmentation at most', async () => {
    const growth = await measureGrowth(() => createHash('sha256').update('x').digest());
    expect(growth.verdict).not.toBe('grows');
    expect('inUse' in growth.malloc && Math.abs(growth.malloc.inUse.value)).toBeLessThan(64);
  });
});

describe('a module', { retry: 2 }, () => {
  it('is measured in a process of its own', async () => {
    const growth = await measureGrowth(program('leaking-module.mjs'), { iterations: 100, rounds: 8 });
    expect(growth).toMatchObject({ verdict: 'grows', fastest: 'v8-heap', fastestMapping: { owner: 'v8 heap' } });
    expect(growth.perIteration.value).toBeGreaterThan(7500);
    expect(growth.perIteration.value).toBeLessThan(9000);
  });

  it.each([
    ['no-function.mjs', /its default export is no function but undefined/],
    ['not-there.mjs', /Cannot measure file:.*Cannot find module/],
    ['ending-module.mjs', /its process ended \(code 3\)/],
  ])('that is none, %s, is an error', async (name, sentence) => {
    await expect(measureGrowth(program(name), { rounds: 8 })).rejects.toThrow(sentence);
  });
});

// On a machine that is busy with other things its collections may leave too little to tell in the time that there is.
describe('a server', { timeout: 60_000, retry: 2 }, () => {
  it('that leaks on its heap is found by its port, among what it churns', async () => {
    await withServer(['131072', 'heap', '100'], async (url) => {
      const growth = await measureGrowth(url, { iterations: 100, rounds: 12, warmup: 1, mostMs: MOST_MS });
      expect(growth).toMatchObject({ verdict: 'grows', fastest: 'v8-heap', fastestMapping: { owner: 'v8 heap' } });
      expect(growth.perIteration.low).toBeGreaterThan(64_000);
      expect(growth.byKind.external).toBeUndefined();
      expect(growth.malloc).toEqual({ state: 'unsupported', reason: 'only a process itself can ask its malloc' });
    });
  });

  it('that leaks nothing is said to leak nothing', async () => {
    await withServer(['0', 'heap', '0'], async (url) => {
      const growth = await measureGrowth(url, { iterations: 400, rounds: 12, leastBytes: 1024, mostMs: MOST_MS });
      expect(growth).toMatchObject({ verdict: 'none', fastest: undefined, fastestMapping: undefined });
      expect(growth.detectableBytes).toBeLessThan(1024);
    });
  });

  it('of which nothing can be told in the time that is given is said to need more', async () => {
    await withServer(['0', 'heap', '400'], async (url) => {
      const growth = await measureGrowth(url, { iterations: 50, rounds: 8, warmup: 0, mostMs: 0 });
      expect(growth).toMatchObject({ verdict: 'inconclusive', fastest: undefined });
      expect(growth.iterationsNeeded).toBeGreaterThanOrEqual(100);
    });
  });

  it('that leaks outside of its heap leaks where malloc is', async () => {
    await withServer(['65536', 'buffers', '0'], async (url) => {
      const growth = await measureGrowth(url, { iterations: 100, rounds: 12, warmup: 1, mostMs: MOST_MS });
      expect(growth).toMatchObject({ verdict: 'grows', fastest: 'malloc', fastestMapping: { owner: 'glibc arena' } });
      expect(growth.perIteration.value).toBeGreaterThan(60_000);
      expect(growth.perIteration.value).toBeLessThan(90_000);
    });
  });

  it('can be made to work by a function', async () => {
    await withServer(['65536', 'buffers', '0'], async (url, pid) => {
      const growth = await measureGrowth(async () => (await fetch(url)).text(), {
        pid,
        iterations: 100,
        rounds: 8,
        warmup: 1,
        mostMs: MOST_MS,
      });
      expect(growth).toMatchObject({ verdict: 'grows', fastest: 'malloc' });
    });
  });

  it('that answers with an error, ends, or is not there is an error', async () => {
    await withServer(['0', 'heap', '0'], async (url, pid) => {
      await expect(measureGrowth(new URL('/missing', url), { rounds: 8 })).rejects.toThrow(/answered 404/);
      const ended = measureGrowth(() => process.kill(pid, 'SIGKILL'), { pid, rounds: 8 });
      await expect(ended).rejects.toThrow(/ESRCH|has ended|gone|Cannot measure process/);
      await expect(measureGrowth(url)).rejects.toThrow(/one process that listens at port \d+, found no process/);
    });
  });

  it('is none of others, nor this process itself', async () => {
    await expect(measureGrowth(new URL('http://example.invalid/'))).rejects.toThrow(/a URL of this host/);
    await expect(measureGrowth(new URL('ftp://localhost/'))).rejects.toThrow(/http:, https: or file:/);
    await expect(measureGrowth(() => 1, { pid: 1, mostMs: -1 })).rejects.toThrow(
      /"mostMs" option to be an integer from 0/,
    );
    await expect(measureGrowth(() => 1, { pid: 0 })).rejects.toThrow(/"pid" option to be an integer from 1/);
    const own = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
    await once(own, 'listening');
    const { port } = own.address() as AddressInfo;
    await expect(measureGrowth(new URL(`http://127.0.0.1:${port}/`))).rejects.toThrow(/process other than this one/);
    own.close();
  });
});
