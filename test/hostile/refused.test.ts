/** What a recorder is refused: processes that a procfs hides from it, a /proc that is none, and calls that a filter of the kernel denies. */
import { writeFileSync } from 'node:fs';
import { openRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoted, startCommand } from '../recorder/command.js';
import { scratch } from '../recorder/workload.js';
import { MAIN } from '../tidemark-process.js';

let folder: ReturnType<typeof scratch>;
beforeAll(() => {
  folder = scratch();
});
afterAll(() => folder[Symbol.dispose]());

const TIDEMARK = `${quoted(process.execPath)} ${quoted(MAIN)}`;
const isRoot = process.getuid?.() === 0;
/** A line of shell with a /proc of its own, in name spaces that go away with it. */
const inNamespace = (line: string) =>
  startCommand('unshare', ['--mount', '--pid', '--fork', '--mount-proc', 'sh', '-c', line], '/').ended;

describe.runIf(isRoot)('a procfs that hides the processes of others (hidepid=2)', () => {
  it('shows an unprivileged recorder its own alone, and doctor says that there are more', async () => {
    // In memory, where the user nobody may write.
    const line = `
      mount -t proc -o hidepid=2 proc /proc; mount -t tmpfs none /mnt; chmod 777 /mnt; cd /mnt
      sleep 60 & hidden=$!
      setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '
        sleep 60 & ${TIDEMARK} record --hz 20 --for 1s --size 4M -o a.tide --json >a.json || exit 9
        ${TIDEMARK} ps --in a.tide --at end -o pid,comm 2>/dev/null || ${TIDEMARK} ps --in a.tide -o pid,comm
        ${TIDEMARK} maps '$hidden'; echo "maps: $?"; ${TIDEMARK} record --pid '$hidden' -o b.tide; echo "record: $?"
        ${TIDEMARK} doctor'
      kill $(jobs -p)`;
    const { code, stdout, stderr } = await inNamespace(line);
    expect(code).toBeLessThan(9);
    expect(stdout).toMatch(/^ +\d+ sleep$/m);
    expect(stdout).not.toMatch(/^ +1 /m);
    expect(stdout).toMatch(/^maps: 4$/m);
    expect(stdout).toMatch(/^record: 4$/m);
    expect(stderr).toMatch(/there is no process/);
    expect(stdout).toMatch(/^procfs .*hidepid=invisible; processes of other users are not all listed$/m);
  });
});

describe.runIf(isRoot)('a /proc that is none', () => {
  it.each([
    ['empty', 'true'],
    ['with a process that is no text', 'mkdir /proc/1 && echo nonsense >/proc/1/stat && echo x >/proc/stat'],
  ])('%s is told by every command within seconds', async (_, make) => {
    const line = `mount -t tmpfs none /proc && ${make}
      for words in 'record --for 1s -o /dev/shm/none-'$$ doctor 'ps aux' 'maps 1' 'top -b -n 1'; do
        timeout 10 ${TIDEMARK} $words >/dev/null; echo "$words: $?"
      done`;
    const { stdout, stderr } = await startCommand('unshare', ['--mount', 'sh', '-c', line], '/').ended;
    expect(stdout.trim().split('\n')).toHaveLength(5);
    // 124 would be a command that hangs, 128 and more one that crashed.
    expect(stdout).not.toMatch(/: (?:0|124|12[89]|1[3-9]\d|2\d\d)$/m);
    expect(stderr.trim().split('\n').length).toBeGreaterThanOrEqual(5);
    expect(stderr).not.toMatch(/ at .*\.js:\d+/);
  });
});

/** perf_event_open, kcmp, bpf, userfaultfd, pidfd_open, process_vm_readv, io_uring_setup. */
const DENIED = process.arch === 'arm64' ? [241, 272, 280, 282, 434, 270, 425] : [298, 312, 321, 323, 434, 310, 425];
const FILTER = `
import ctypes, os, struct, sys
steps = [(0x20, 0, 0, 0)]
for nr in sys.argv[1].split(','): steps += [(0x15, 0, 1, int(nr)), (0x06, 0, 0, 0x50001)]
steps.append((0x06, 0, 0, 0x7fff0000))
code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in steps))
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
if libc.prctl(22, 2, struct.pack('HxxxxxxP', len(steps), ctypes.addressof(code)), 0, 0) != 0: sys.exit('no seccomp')
os.execvp(sys.argv[2], sys.argv[2:])`;

describe('a filter that denies perf, bpf, kcmp and their like', () => {
  it('leaves a recorder that reads all the same, and doctor says what is denied', async () => {
    const script = folder.file('filter.py');
    writeFileSync(script, FILTER);
    const denied = (...words: string[]) =>
      startCommand('python3', [script, DENIED.join(','), process.execPath, MAIN, ...words], folder.path).ended;
    const file = folder.file('denied.tide');
    const words = ['record', '--hz', '20', '--for', '1s', '--size', '16M', '--rollup', '5', '--mappings', '2'];
    expect(await denied(...words, '-o', file)).toMatchObject({ code: 0 });
    using recording = openRecording(file);
    const { ticks, damage } = recording.summary();
    expect(damage).toEqual([]);
    expect(ticks.recorded).toBeGreaterThan(5);
    expect(recording.metadata.engine).toMatchObject({ name: 'native' });
    const { processes } = recording.at(recording.endNs)!;
    expect(processes.filter(({ values }) => Number(values.rss) > 0).length).toBeGreaterThan(2);
    const doctor = await denied('doctor');
    expect(doctor).toMatchObject({ code: 0, stderr: '' });
    expect(doctor.stdout).toMatch(/^bpf +cannot be used: ./m);
  });
});
