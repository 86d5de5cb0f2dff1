/** The agent works with the calls that its unit allows, and the unit does not allow it to look into others' memory. */
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../recorder/workload.js';
import { type AgentProcess, metricsOf, startAgentBy } from './agent-process.js';
import { allowedCalls, withCalls } from './unit-calls.js';
import { asUnit, UNIT } from './unit-files.js';

const USER = 64_321;
const folder = scratch();
beforeAll(() => chmodSync(path.dirname(folder.file('x')), 0o755));
afterAll(() => folder[Symbol.dispose]());

/** With the privileges of `bpf.conf` and these calls. */
function start(name: string, calls: ReadonlySet<string>): Promise<AgentProcess> {
  const ring = folder.file(name);
  mkdirSync(ring, { mode: 0o700 });
  chownSync(ring, USER, USER);
  return startAgentBy([...asUnit([UNIT, 'bpf.conf'], USER), ...withCalls(calls)], '--ring', ring);
}

const capturesMade = (text: string) => Number(/^tidemark_captures_total\{result="made"\} (\d+)$/m.exec(text)![1]);

describe.skipIf(process.geteuid?.() !== 0)('the agent', () => {
  it.concurrent('records, answers and cuts captures with the calls of its unit', async () => {
    await using agent = await start('allowed', allowedCalls([UNIT, 'bpf.conf']));
    expect(await metricsOf(agent)).toContain('engine="bpf"');
    agent.child.kill('SIGUSR1');
    for (let tries = 0; capturesMade(await metricsOf(agent)) === 0; tries++) {
      if (tries > 100) expect.fail(agent.stderr());
      await pause(100);
    }
    expect(agent.stderr()).not.toMatch(/not permitted|EPERM/);
    expect(await agent.end()).toBe(0);
  });

  it.concurrent('has the engine bpf only where the drop-in allows the call', async () => {
    await using agent = await start('unallowed', allowedCalls([UNIT]));
    expect(await metricsOf(agent)).not.toContain('engine="bpf"');
    expect(await agent.end()).toBe(0);
  });
});

describe('the unit', () => {
  it('allows no call that looks into the memory of others', () => {
    const allowed = allowedCalls([UNIT, 'bpf.conf']);
    for (const call of ['openat', 'clone3', 'bpf']) expect(allowed, call).toContain(call);
    for (const call of ['ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd', 'open_by_handle_at']) {
      expect(allowed, call).not.toContain(call);
    }
  });
});
