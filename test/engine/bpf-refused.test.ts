/** Hosts on which the kernel takes no program: the other engines do the work, and the reason is told. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openRecording } from 'tidemark';
import { afterAll, describe, expect, it } from 'vitest';
import { explainRefusal } from '../../src/engine/choose-sweeping.js';
import { runScript } from './commands.js';
import { ENGINES } from './engines.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const CHOOSE = new URL('../../dist/engine/choose-sweeping.js', import.meta.url).href;
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-test-refused-'));
afterAll(() => rmSync(folder, { recursive: true }));

const isRoot = process.geteuid?.() === 0;
const [EPERM, ENOSYS] = [1, 38];
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
    ['a kernel without bpf', withoutBpf(ENOSYS), /this kernel has no bpf/, undefined],
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

  const record = (prefix: readonly string[], words: readonly string[]) => {
    const command = [
      ...prefix,
      process.execPath,
      MAIN,
      'record',
      '--for',
      '300ms',
      '--pid',
      String(process.pid),
      ...words,
    ];
    return spawnSync(command[0]!, command.slice(1), { encoding: 'utf8', cwd: folder });
  };

  it('a recording that asks for it ends with 5 and says what to grant, and leaves no file', () => {
    const file = path.join(folder, 'asked.tide');
    const { status, stdout, stderr } = record(withoutBpf(EPERM), ['--engine', 'bpf', '-o', file]);
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' });
    expect(stderr).toMatch(/The bpf engine cannot be used: .*seccomp.*Grant: allow bpf\(2\)/);
    expect(() => openRecording(file)).toThrow(/ENOENT|no such file/i);
  });

  it('a recording that asks for nothing is made by native, and has the reason', () => {
    const file = path.join(folder, 'auto.tide');
    expect(record(withoutBpf(EPERM), ['-o', file])).toMatchObject({ status: 0 });
    using recording = openRecording(file);
    expect(recording.metadata.engine).toMatchObject({ name: 'native' });
    expect(recording.metadata.engine.reason).toMatch(/bpf cannot be used: .*seccomp/);
    expect(recording.summary().lives).toMatchObject({ isHeard: false });
  });

  it('doctor says why', () => {
    const [program, ...words] = [...withoutBpf(EPERM), process.execPath, MAIN, 'doctor'];
    const { status, stdout } = spawnSync(program!, words, { encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^bpf +cannot be used: .*seccomp/m);
    expect(stdout).toMatch(/^engine +native: /m);
  });
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
