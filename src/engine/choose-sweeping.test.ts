/** The kernel's refusals in words; how they come about is in test/engine/bpf-refused.test.ts. */
import { tmpdir } from 'node:os';
import { expect, it, vi } from 'vitest';
import { ENGINES } from '../../test/engine/engines.js';
import { readHostUnits } from '../procfs/host-units.js';
import { bpfAvailability, chooseSweepingEngine, explainRefusal } from './choose-sweeping.js';

const refusal = (errno: number) => explainRefusal(Object.assign(new Error('as the kernel says'), { errno }));

it.each([
  [-38, 'this kernel has no bpf (as the kernel says); it takes Linux 5.17'],
  [-7, 'this kernel is older than what it is asked for (as the kernel says); it takes Linux 5.17'],
  [-22, 'the kernel does not take the program (as the kernel says)'],
])('errno %i is told as what it means', (errno, reason) => {
  expect(refusal(errno)).toEqual({ works: false, reason: expect.stringContaining(reason) });
});

it.each([-1, -13])('errno %i of one who may do everything comes from somebody else', (errno) => {
  // Tests run as root, who has the capabilities, or as somebody who has none of them.
  const reason = process.geteuid?.() === 0 ? /a seccomp filter, a security module or a container$/ : /lacks CAP_/;
  expect(refusal(errno)).toEqual({
    works: false,
    reason: expect.stringMatching(reason),
    grant: expect.any(String),
  });
});

it('another tree is not what programs see', () => {
  const options = { root: tmpdir(), host: readHostUnits() };
  expect(bpfAvailability(options)).toMatchObject({ works: false, reason: expect.stringMatching(/is no procfs/) });
  expect(() => chooseSweepingEngine('bpf', options)).toThrow(/^The bpf engine cannot be used: .*this kernel only$/);
  expect(chooseSweepingEngine('native', options)).toEqual({ name: 'native', reason: 'asked for' });
});

it.runIf(ENGINES.includes('bpf'))('the engine that was tried is kept for whoever takes it, once', async () => {
  // It is tried once for each copy of the module, and those before have.
  vi.resetModules();
  const { chooseSweepingEngine, TriedEngine } = await import('./choose-sweeping.js');
  using tried = new TriedEngine();
  const options = { root: '/proc', host: readHostUnits() };
  expect(chooseSweepingEngine('auto', options, tried).name).toBe('bpf');
  const engine = tried.take();
  expect(engine?.name).toBe('bpf');
  expect([...engine!.listPids()]).toContain(process.pid);
  engine!.close();
  expect(tried.take()).toBeUndefined();
  // Whether it works is known now, so none is opened.
  expect(chooseSweepingEngine('auto', options, tried).name).toBe('bpf');
  expect(tried.take()).toBeUndefined();
});
