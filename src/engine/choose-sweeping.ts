/**
 * Which engine sweeps, and why: the one in the kernel where the host allows it.
 *
 * The trap: whether the kernel takes a program is known only once it has been tried, and its refusal has many causes that
 * look alike. So it is tried, once, and the refusal is told with what to grant.
 */
import { existsSync, readFileSync } from 'node:fs';
import { bpfBinding } from './bpf-binding.js';
import { BpfEngine } from './bpf-engine.js';
import { type ChosenEngine, chooseEngine, EngineUnavailableError, warnWithoutAddon } from './choose.js';
import { isShortOfDescriptors, readDescriptors, tooFewDescriptors } from './descriptors.js';
import type { Engine, EngineOptions } from './engine.js';
import { openEngine } from './open-engine.js';
import { foreignTree } from './pid-namespace.js';

export const SWEEPING_CHOICES = ['auto', 'bpf', 'native', 'ts'] as const;
export type SweepingChoice = (typeof SWEEPING_CHOICES)[number];

export type BpfAvailability =
  | { readonly works: true; readonly how: string }
  | { readonly works: false; readonly reason: string; readonly grant?: string };

const GRANT = 'run as root or grant CAP_BPF and CAP_PERFMON (systemd: AmbientCapabilities=CAP_BPF CAP_PERFMON)';
const NEEDS = 'it takes Linux 5.17 or later with CONFIG_BPF_SYSCALL and CONFIG_DEBUG_INFO_BTF';
const LOCKED = 'the kernel is locked down (confidentiality), and then lets no program read its memory';

/** Its maps and programs, a thread of Node that samples, and what deep reads and listings have open. */
const BPF_DESCRIPTORS = 48;
const FEW: BpfAvailability = { works: false, reason: 'this process may open too few files for its maps and programs' };

let tried: BpfAvailability | undefined;

/** The engine that was opened to try it, for whoever needs one next: loading its programs again takes the kernel 60 ms. */
export class TriedEngine implements Disposable {
  #engine: Engine | undefined;

  keep(engine: Engine): void {
    this.#engine = engine;
  }

  /** Undefined where none was tried; closed with this object. */
  get engine(): Engine | undefined {
    return this.#engine;
  }

  /** What it has loaded, by the key for `BpfEngineOptions.parked` in another thread; undefined where there is nothing. */
  park(): number | undefined {
    const engine = this.#engine;
    if (!(engine instanceof BpfEngine)) return undefined;
    this.#engine = undefined;
    return engine.park();
  }

  [Symbol.dispose](): void {
    this.#engine?.close();
    this.#engine = undefined;
  }
}

/** Lets go of what was parked, where nobody has taken it. */
export function dropParked(key: number | undefined): void {
  const binding = bpfBinding();
  if (key !== undefined && binding.state === 'loaded') binding.addon.dropParked(key);
}

/** Whether programs can be loaded here for that tree. Tries it, once per process. Never throws. */
export function bpfAvailability(options: Pick<EngineOptions, 'root' | 'host'>, kept?: TriedEngine): BpfAvailability {
  const binding = bpfBinding();
  if (binding.state === 'absent') return { works: false, reason: binding.reason };
  const foreign = foreignTree(options.root);
  if (foreign !== undefined) return { works: false, reason: `${foreign}, and programs see this kernel only` };
  tried ??= attempt(options, kept);
  return tried;
}

function attempt(options: Pick<EngineOptions, 'root' | 'host'>, kept?: TriedEngine): BpfAvailability {
  try {
    const engine = openEngine('bpf', { ...options, maxKept: 0 });
    const { note } = engine;
    if (kept) kept.keep(engine);
    else engine.close();
    return { works: true, how: note ?? '' };
  } catch (error) {
    return explainRefusal(error as Error & { errno?: number });
  }
}

/** The kernel's refusal in words, and what to grant. */
export function explainRefusal(error: Error & { errno?: number }): BpfAvailability {
  if (isShortOfDescriptors(error)) return { works: false, reason: tooFewDescriptors().message };
  const { message, errno } = error;
  if (errno === -1 || errno === -13) {
    if (isLockedDown()) return { works: false, reason: `${LOCKED} (${message})` };
    const missing = missingCapabilities();
    if (missing.length > 0) {
      return { works: false, reason: `this process lacks ${missing.join(' and ')} (${message})`, grant: GRANT };
    }
    const reason = `the kernel refuses the system call bpf (${message}): a seccomp filter, a security module or a container`;
    return { works: false, reason, grant: 'allow bpf(2) in the seccomp profile of the container' };
  }
  if (errno === -38) return { works: false, reason: `this kernel has no bpf (${message}); ${NEEDS}` };
  // A kernel that is asked for what it has never heard of: its structure is shorter than ours.
  if (errno === -7)
    return { works: false, reason: `this kernel is older than what it is asked for (${message}); ${NEEDS}` };
  return { works: false, reason: `the kernel does not take the program (${message})${btfHint()}` };
}

/** The engine that sweeps for this choice. Throws `EngineUnavailableError` when the one asked for cannot work here. */
export function chooseSweepingEngine(
  choice: SweepingChoice,
  options: Pick<EngineOptions, 'root' | 'host'>,
  kept?: TriedEngine,
): ChosenEngine {
  if (choice === 'native' || choice === 'ts') return chooseEngine(choice);
  const bpf = choice === 'auto' && hasFewDescriptors() ? FEW : bpfAvailability(options, kept);
  if (bpf.works) {
    // What the kernel does not do, such as deep reads, is done without it.
    if (choice === 'auto') warnWithoutAddon();
    return { name: 'bpf', reason: `${choice === 'bpf' ? 'asked for' : 'the kernel takes it'}; ${bpf.how}` };
  }
  if (choice === 'auto') {
    const { name, reason } = chooseEngine(choice);
    return { name, reason: `${reason}; bpf cannot be used: ${bpf.reason}` };
  }
  const way = bpf.grant === undefined ? '' : `. Grant: ${bpf.grant}`;
  throw new EngineUnavailableError(`The bpf engine cannot be used: ${bpf.reason}${way}`);
}

/** What is left over then, the engine in the kernel would take for itself, and others go on with less. */
function hasFewDescriptors(): boolean {
  const known = readDescriptors();
  return known !== undefined && known.limit - known.open < BPF_DESCRIPTORS;
}

function isLockedDown(): boolean {
  try {
    return readFileSync('/sys/kernel/security/lockdown', 'latin1').includes('[confidentiality]');
  } catch {
    return false;
  }
}

const NEEDED = [
  { name: 'CAP_PERFMON', bit: 38n },
  { name: 'CAP_BPF', bit: 39n },
] as const;
const CAP_SYS_ADMIN = 21n;

function missingCapabilities(): string[] {
  try {
    const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    const held = BigInt(`0x${mask}`);
    if ((held >> CAP_SYS_ADMIN) & 1n) return [];
    return NEEDED.filter(({ bit }) => !((held >> bit) & 1n)).map(({ name }) => name);
  } catch {
    return [];
  }
}

function btfHint(): string {
  return existsSync('/sys/kernel/btf/vmlinux') ? '' : `; this kernel tells of no types, and ${NEEDS}`;
}
