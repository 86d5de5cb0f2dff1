/** The calls that a unit allows, as a filter of the kernel: what systemd does with `SystemCallFilter=`. */
import { execFileSync } from 'node:child_process';
import { settingsIn } from './unit-files.js';

/** The sets that systemd knows, by name: of calls and of other sets. */
function knownSets(): Map<string, string[]> {
  const sets = new Map<string, string[]>();
  const told = execFileSync('systemd-analyze', ['syscall-filter'], { encoding: 'utf8', stdio: 'pipe' });
  for (const set of told.split(/^(?=@)/m)) {
    const [name = '', ...words] = set.split('\n').map((line) => line.trim());
    sets.set(
      name,
      words.filter((word) => /^[@a-z]/.test(word)),
    );
  }
  return sets;
}

/** Names of the calls that are allowed: the first list says what is, later ones add to it or, with `~`, take from it. */
export function allowedCalls(files: readonly string[]): Set<string> {
  const sets = knownSets();
  const callsOf = (word: string): string[] => (word.startsWith('@') ? (sets.get(word) ?? []).flatMap(callsOf) : [word]);
  // What systemd itself needs to start anything.
  const allowed = new Set(callsOf('@default'));
  for (const list of settingsIn(files, 'SystemCallFilter')) {
    const calls = list.replace(/^~/, '').split(' ').flatMap(callsOf);
    for (const call of calls) list.startsWith('~') ? allowed.delete(call) : allowed.add(call);
  }
  return allowed;
}

/** By the headers of this machine. */
function numbersOf(calls: ReadonlySet<string>): number[] {
  const options = { encoding: 'utf8', input: '#include <sys/syscall.h>\n' } as const;
  const defined = execFileSync('gcc', ['-E', '-dM', '-'], options).matchAll(/^#define __NR_(\w+) (\d+)$/gm);
  return Array.from(defined, ([, name, number]) => (calls.has(name!) ? Number(number) : -1)).filter((nr) => nr >= 0);
}

const LAUNCHER = `
import ctypes, os, struct, sys
steps = [(0x20, 0, 0, 0)]
for nr in sys.argv[1].split(','): steps += [(0x15, 0, 1, int(nr)), (0x06, 0, 0, 0x7fff0000)]
steps.append((0x06, 0, 0, 0x50000 | 1))
code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in steps))
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
if libc.prctl(22, 2, struct.pack('HxxxxxxP', len(steps), ctypes.addressof(code)), 0, 0) != 0: sys.exit('no seccomp')
os.execvp(sys.argv[2], sys.argv[2:])`;

/** A command that goes on with these calls; all others fail with EPERM, as the unit has it. */
export function withCalls(calls: ReadonlySet<string>): string[] {
  return ['/usr/bin/python3', '-c', LAUNCHER, numbersOf(calls).join(',')];
}
