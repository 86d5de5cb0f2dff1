/** Hosts on which the kernel takes no program: the other engines do the work, and the reason is told. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRecording } from 'tidemark';
import { afterAll, describe, expect, it } from 'vitest';
import { explainRefusal } from '../../src/engine/choose-sweeping.js';
import { findAddon } from '../../src/engine/native-binding.js';
import { runScript } from './commands.js';
import { ENGINES } from './engines.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = path.join(ROOT, 'dist', 'cli', 'main.js');
const CHOOSE = new URL('../../dist/engine/choose-sweeping.js', import.meta.url).href;
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-test-refused-'));
afterAll(() => rmSync(folder, { recursive: true }));

const isRoot = process.geteuid?.() === 0;
const [EPERM, E2BIG, EINVAL, ENOSYS] = [1, 7, 22, 38];
const BPF_CALL = process.arch === 'arm64' ? 280 : 321;

/** Runs what follows with a seccomp filter by which bpf(2) fails with an errno, as those of containers do. */
const withoutBpf = (errno: number) => {
  const launcher = `
import ctypes, os, struct, sys
nr, errno = int(sys.argv[1]), int(sys.argv[2])
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, nr), (0x06, 0, 0, 0x50000 | errno), (0x06, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in steps))
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
if libc.prctl(22, 2, struct.pack('HxxxxxxP', len(steps), ctypes.addressof(code)), 0, 0) != 0: sys.exit('no seccomp')
os.execvp(sys.argv[3], sys.argv[3:])`;
  return ['python3', '-c', launcher, String(BPF_CALL), String(errno)];
};
/** As an unprivileged user, who may read this package all the same. */
const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** Runs what follows where there is no file of the types of the kernel. */
const withoutTypes = [...['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /sys/kernel/btf && exec "$@"'], 'sh'];

const CHOICES = `
  const { chooseSweepingEngine } = await import(values.choose);
  const options = { root: '/proc', host };
  let refused;
  try { chooseSweepingEngine('bpf', options); } catch (error) { refused = error.message; }
  tell({ auto: chooseSweepingEngine('auto', options), refused });`;

function choices(prefix: readonly string[]): { auto: { name: string; reason: string }; refused: string } {
  return runScript(CHOICES, { choose: CHOOSE }, prefix) as ReturnType<typeof choices>;
}

describe.runIf(ENGINES.includes('bpf') && isRoot)('where the kernel takes no program', () => {
  it.each([
    ['a seccomp filter', withoutBpf(EPERM), /a seccomp filter, a security module or a container/, /allow bpf\(2\)/],
    ['a kernel without bpf', withoutBpf(ENOSYS), /this kernel has no bpf \(.*\); it takes Linux 5\.17/, undefined],
    [
      'an older kernel',
      withoutBpf(E2BIG),
      /this kernel is older than what it is asked for .*it takes Linux 5\.17/,
      undefined,
    ],
    ['a kernel that says no more', withoutBpf(EINVAL), /does not take the program \(Invalid argument\)$/, undefined],
    [
      'a kernel without types',
      [...withoutTypes, ...withoutBpf(EINVAL)],
      /does not take the program \(.*\); this kernel tells of no types, .*CONFIG_DEBUG_INFO_BTF$/,
      undefined,
    ],
    ['no capability', asNobody, /lacks CAP_PERFMON and CAP_BPF/, /run as root or grant CAP_BPF and CAP_PERFMON/],
    [
      'a locked kernel',
      [
        ...['unshare', '--mount', 'sh', '-c'],
        'mount -t tmpfs none /sys/kernel/security && echo "none integrity [confidentiality]" > /sys/kernel/security/lockdown && exec "$@"',
        ...['sh', ...asNobody],
      ],
      /the kernel is locked down \(confidentiality\)/,
      undefined,
    ],
  ])('for %s, native works and the reason is told', (_, prefix, reason, grant) => {
    const { auto, refused } = choices(prefix);
    expect(auto.name).toBe('native');
    expect(auto.reason).toMatch(/the addon loads .*; bpf cannot be used: /);
    expect(auto.reason).toMatch(reason);
    expect(refused).toMatch(/^The bpf engine cannot be used: /);
    expect(refused).toMatch(reason);
    if (grant) expect(refused).toMatch(grant);
  });

  it('the file of types is for people: the engine works without it', () => {
    expect(choices(withoutTypes).auto).toMatchObject({ name: 'bpf' });
  });

  it.each([
    ['a seccomp filter', withoutBpf(EPERM), /seccomp.*Grant: allow bpf\(2\)/],
    ['a kernel without bpf', withoutBpf(ENOSYS), /no bpf.*it takes Linux 5\.17/],
    ['an older kernel', withoutBpf(E2BIG), /older.*it takes Linux 5\.17/],
    ['a kernel without types', [...withoutTypes, ...withoutBpf(EINVAL)], /no types.*CONFIG_DEBUG_INFO_BTF/],
  ])(
    'for %s, commands say so: 5 where it was asked for, and the reason in doctor and in the recording',
    (_, prefix, reason) => {
      checkCommands(prefix, MAIN, reason);
    },
  );

  it('for an object whose types this kernel does not have, likewise', () => {
    // A package of its own, whose programs ask for a field that no kernel has.
    const root = path.join(folder, 'package');
    for (const name of ['dist', 'package.json'])
      cpSync(path.join(ROOT, name), path.join(root, name), { recursive: true });
    mkdirSync(path.join(root, 'build', 'Release'), { recursive: true });
    for (const name of ['tidemark', 'tidemark_bpf']) {
      copyFileSync(findAddon(name)!, path.join(root, 'build', 'Release', `${name}.node`));
    }
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'));
    const file = path.join(root, 'build', 'Release', 'tidemark_bpf.node');
    const bytes = readFileSync(file);
    for (let at = bytes.indexOf('\0start_boottime\0'); at >= 0; at = bytes.indexOf('\0start_boottime\0', at)) {
      bytes.write('\0started_before\0', at, 'latin1');
    }
    writeFileSync(file, bytes);
    checkCommands([], path.join(root, 'dist', 'cli', 'main.js'), /the kernel does not take the program \(./);
  });

  function checkCommands(prefix: readonly string[], main: string, reason: RegExp): void {
    const run = (...words: string[]) => {
      const [program, ...rest] = [...prefix, process.execPath, main, ...words];
      return spawnSync(program!, rest, { encoding: 'utf8', cwd: folder });
    };
    const record = (...words: string[]) => run('record', '--for', '300ms', '--pid', String(process.pid), ...words);
    const asked = path.join(folder, 'asked.tide');
    const { status, stdout, stderr } = record('--engine', 'bpf', '-o', asked);
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
    expect(stderr).toMatch(/^tidemark record: --engine: The bpf engine cannot be used: .*\n$/);
    expect(stderr).toMatch(reason);
    expect(existsSync(asked)).toBe(false);

    const auto = path.join(folder, 'auto.tide');
    expect(record('-o', auto)).toMatchObject({ status: 0 });
    try {
      using recording = openRecording(auto);
      expect(recording.metadata.engine.name).toBe('native');
      expect(recording.metadata.engine.reason).toMatch(/bpf cannot be used: /);
      expect(recording.metadata.engine.reason.split('Grant')[0]).toMatch(
        new RegExp(reason.source.split('.*Grant')[0]!),
      );
      expect(recording.summary().lives).toMatchObject({ isHeard: false });
    } finally {
      rmSync(auto);
    }

    const doctor = run('doctor');
    expect(doctor.status).toBe(0);
    expect(doctor.stdout).toMatch(/^bpf +cannot be used: /m);
    expect(/^bpf +.*$/m.exec(doctor.stdout)![0]).toMatch(new RegExp(reason.source.split('.*Grant')[0]!));
    expect(doctor.stdout).toMatch(/^engine +native: /m);
  }
});

describe('a refusal in words', () => {
  const refusal = (errno: number, message: string) => explainRefusal(Object.assign(new Error(message), { errno }));

  it('of a kernel that does not know a function has what the verifier said', () => {
    expect(refusal(-22, 'Invalid argument: calling kernel function bpf_iter_task_new is not allowed')).toMatchObject({
      works: false,
      reason: expect.stringContaining('bpf_iter_task_new'),
    });
  });

  it('of a full table of locked memory names it', () => {
    expect(refusal(-12, 'Cannot allocate memory')).toMatchObject({
      works: false,
      reason: expect.stringContaining('Cannot allocate memory'),
    });
  });
});

describe.runIf(ENGINES.includes('bpf'))('a program that is interrupted by signals all the time', () => {
  it('has the engine all the same: the kernel gives up the check of a program at a signal', () => {
    const script = `
      const { openEngine } = await import(${JSON.stringify(new URL('../../dist/engine/open-engine.js', import.meta.url).href)});
      const { readHostUnits } = await import(${JSON.stringify(new URL('../../dist/procfs/host-units.js', import.meta.url).href)});
      for (let round = 0; round < 3; round++) openEngine('bpf', { root: '/proc', host: readHostUnits(), maxKept: 10 }).close();
      console.log('opened');`;
    // A profiler that sends SIGPROF ten thousand times a second.
    const words = [
      '--cpu-prof',
      '--cpu-prof-interval=100',
      `--cpu-prof-dir=${folder}`,
      '--input-type=module',
      '-e',
      script,
    ];
    const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    expect([stdout, stderr]).toEqual(['opened\n', '']);
  });
});
