/** What is shipped for Prometheus: its alerts fire on what they are for and on nothing else, and ask only for what agents tell. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { HostTold } from '../../src/agent/host-families.js';
import { ownFamilies } from '../../src/agent/own-families.js';
import { scratch } from '../recorder/workload.js';
import { SyntheticAgent } from './synthetic-agent.js';

const DEPLOY = fileURLToPath(new URL('../../deploy/prometheus', import.meta.url));
const folder = scratch();
afterAll(() => folder[Symbol.dispose]());

function promtool(words: readonly string[], cwd: string): string {
  return execFileSync('promtool', words, { cwd, encoding: 'utf8', stdio: 'pipe' });
}

describe('the alerts', () => {
  it('fire on what they are for and on nothing else', () => {
    expect(promtool(['test', 'rules', 'alerts.test.yml'], DEPLOY)).toContain('SUCCESS');
    expect(promtool(['check', 'config', 'prometheus.yml'], DEPLOY)).toContain('is valid');
  });

  it.each([
    ['that take a steady group for a leak', '4 * 3600) > 1', '4 * 3600) > 0.8'],
    ['that are about small groups too', '256 * 1024 * 1024', '1'],
  ])('%s fail their test', (_name, whole, broken) => {
    const copy = folder.file('broken');
    cpSync(DEPLOY, copy, { recursive: true });
    const rules = readFileSync(`${copy}/alerts.yml`, 'utf8');
    expect(rules).toContain(whole);
    writeFileSync(`${copy}/alerts.yml`, rules.replace(whole, broken));
    expect(() => promtool(['test', 'rules', 'alerts.test.yml'], copy)).toThrow();
  });

  it('ask only for what agents tell', () => {
    const asked = readFileSync(`${DEPLOY}/alerts.yml`, 'utf8').match(/\b(?:process_group|host|tidemark)_[a-z_]+/g)!;
    const counts = { sent: 0, dropped: 0, refused: 0, retries: 0, queuedBytes: 0, queuedRequests: 0 };
    const own = ownFamilies({
      ...{ version: '', engine: '', constant: '', isRecording: true, cpuSeconds: 0, residentBytes: 0, budget: 0 },
      ...{ ticks: 0, missedTicks: 0, lostFrames: 0, processes: 0, withoutPss: 0, folded: 0, heldSeconds: 0 },
      ...{ guaranteeSeconds: 0, pushes: [['otlp', counts]] },
      reload: { isSuccessful: true, succeededSeconds: 0 },
    });
    const host = new HostTold('/proc', '', false);
    const agent = new SyntheticAgent(folder.file('tree'));
    agent.tick();
    const told = new Set([...own, ...host.families(), ...agent.collect().values()].map(({ name }) => name));
    host.close();
    expect([...new Set(asked)].filter((name) => !told.has(name))).toEqual([]);
  });
});
