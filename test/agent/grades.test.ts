/** What the agent sees with the privileges of its units and no others: the table of docs/fleet.md. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../recorder/workload.js';
import { MAIN, runTidemark } from '../tidemark-process.js';
import { byGroup, metricsOf, startAgentBy } from './agent-process.js';
import { asUnit, SYSTEMD, settingsIn, UNIT } from './unit-files.js';

const USER = 64_321;
const MOST_MS = 25_000;
const isRoot = process.geteuid?.() === 0;
const folder = scratch();
const planted: AsyncDisposable[] = [];

const PLANT = `
import ctypes, signal, sys
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
kept = bytearray(int(sys.argv[2]) << 20)
for at in range(0, len(kept), 4096): kept[at] = 1
print('there', flush=True)
signal.pause()`;

/** A process of that name which keeps so much, by another program. */
async function plant(name: string, mib: number, prefix: readonly string[] = []): Promise<void> {
  const [program, ...rest] = [...prefix, '/usr/bin/python3', '-c', PLANT, name, String(mib)];
  const child = spawn(program!, rest, { stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = once(child, 'close');
  planted.push({
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  });
  await Promise.race([once(child.stdout, 'data'), closed.then(() => Promise.reject(new Error(`${name} ended`)))]);
}

beforeAll(async () => {
  chmodSync(path.dirname(folder.file('x')), 0o755);
  if (!isRoot) return;
  await plant('tm-small', 2);
  await plant('tm-large', 300);
  await plant('tm-mine', 2, asUnit([UNIT], USER));
});
afterAll(async () => {
  for (const one of planted) await one[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Grade {
  readonly dropIns: readonly string[];
  readonly engine: RegExp;
  /** Whose USS is told, of the three. */
  readonly uss: readonly string[];
  readonly swap: readonly string[];
}
const [OWN, SMALL, ALL] = [['tm-mine'], ['tm-mine', 'tm-small'], ['tm-large', 'tm-mine', 'tm-small']];
const SWEEPING = /^(native|ts)$/;
const GRADES: readonly Grade[] = [
  { dropIns: [], engine: SWEEPING, uss: OWN, swap: OWN },
  { dropIns: ['ptrace.conf'], engine: SWEEPING, uss: SMALL, swap: SMALL },
  { dropIns: ['ptrace.conf', 'pagemap.conf'], engine: SWEEPING, uss: ALL, swap: ALL },
  { dropIns: ['bpf.conf'], engine: /^bpf$/, uss: SMALL, swap: ALL },
];

const named = (text: string, name: string) =>
  [...byGroup(text, name).keys()].filter((group) => /^tm-/.test(group)).sort();

describe.skipIf(!isRoot)('the agent', () => {
  it.concurrent.each(GRADES)('sees with $dropIns what the table says', async ({ dropIns, engine, uss, swap }) => {
    const ring = folder.file(`ring-${dropIns.join('-')}`);
    mkdirSync(ring, { mode: 0o700 });
    chownSync(ring, USER, USER);
    const words = ['--ring', ring, '--group', 'comm', '--series', 'full', '--budget', '20%', '--hz', '5'];
    await using agent = await startAgentBy(asUnit([UNIT, ...dropIns], USER), ...words);
    let text = '';
    const has = (group: string) => byGroup(text, 'process_group_uss_bytes').has(group);
    const seesEnough = async () => {
      text = await metricsOf(agent);
      // The guarantee is told once there are ticks enough to tell it by.
      return /^tidemark_peak_guarantee_seconds /m.test(text) && uss.every(has);
    };
    for (const end = Date.now() + MOST_MS; !(await seesEnough()); ) {
      if (Date.now() > end) expect.fail(`no USS of ${uss}:\n${text}\n${agent.stderr()}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(named(text, 'process_group_uss_bytes')).toEqual(uss);
    expect(named(text, 'process_group_pss_bytes')).toEqual(uss);
    expect(named(text, 'process_group_swap_bytes')).toEqual(swap);
    for (const always of ['resident_memory_bytes', 'resident_memory_max_bytes', 'resident_anon_bytes']) {
      expect(named(text, `process_group_${always}`)).toEqual(ALL);
    }
    expect(text).toMatch(/^host_memory_bytes\{part="unaccounted"\} -?\d+$/m);
    expect(/engine="(\w+)"/.exec(text)![1]).toMatch(engine);
    const guarantee = Number(/^tidemark_peak_guarantee_seconds (\S+)$/m.exec(text)![1]);
    expect(guarantee === 0).toBe(dropIns.includes('bpf.conf'));
    expect(await agent.end()).toBe(0);
  });
});

describe('the unit', () => {
  it.each([[[]], [['ptrace.conf']], [['ptrace.conf', 'pagemap.conf']], [['bpf.conf', 'pagemap.conf']]])(
    'is one that systemd takes with %j',
    (dropIns) => {
      const units = folder.file(`units-${dropIns.join('-')}`);
      mkdirSync(`${units}/${UNIT}.d`, { recursive: true });
      for (const file of dropIns) copyFileSync(`${SYSTEMD}/${file}`, `${units}/${UNIT}.d/${file}`);
      const unit = readFileSync(`${SYSTEMD}/${UNIT}`, 'utf8');
      // What is to be run must be there.
      const program = folder.file('tidemark');
      writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`, { mode: 0o755 });
      const verify = (text: string) => {
        writeFileSync(`${units}/${UNIT}`, text.replaceAll('/usr/bin/tidemark', program));
        const words = ['verify', '--recursive-errors=yes', '--man=no', `${units}/${UNIT}`];
        return execFileSync('systemd-analyze', words, { encoding: 'utf8', stdio: 'pipe' });
      };
      verify(unit);
      expect(() => verify(unit.replace('ExecStart=', 'ExecStart=x'))).toThrow();
      expect(unit).toContain('kill -HUP');
    },
  );

  it('knows every setting that it uses', () => {
    // systemd goes on after what it does not know, and says so.
    const files = [UNIT, 'ptrace.conf', 'bpf.conf', 'pagemap.conf'];
    const unit = files.map((file) => readFileSync(`${SYSTEMD}/${file}`, 'utf8')).join('\n');
    const whole = folder.file(UNIT);
    writeFileSync(whole, unit.replaceAll('/usr/bin/tidemark', '/bin/true'));
    const told = execFileSync('sh', ['-c', `systemd-analyze verify --man=no ${whole} 2>&1`], { encoding: 'utf8' });
    expect(told).not.toMatch(/Unknown|Failed to parse|ignoring/i);
  });

  it('has a configuration that the agent takes, and a ring where the agent looks', async () => {
    const { code, stderr } = await runTidemark(['agent', '--config', `${SYSTEMD}/agent.conf`, '--check-config']);
    expect([code, stderr]).toEqual([0, '']);
    const commented = readFileSync(`${SYSTEMD}/agent.conf`, 'utf8').replace(/^# (?=[a-z-]+ +=)/gm, '');
    const copy = folder.file('agent.conf');
    writeFileSync(copy, commented);
    // All of the lines are settings; only the files that they name are not there.
    const outcome = await runTidemark(['agent', '--config', copy, '--check-config']);
    expect(outcome.stderr.split('\n').filter((line) => line !== '' && !line.includes('cannot read'))).toEqual([]);
    expect(settingsIn([UNIT], 'StateDirectory')).toEqual(['tidemark']);
  });
});
