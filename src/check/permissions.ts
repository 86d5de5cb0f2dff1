/**
 * What this process may do, from its own `status`.
 *
 * The trap: being root is not what counts. A container's root may lack CAP_SYS_PTRACE, and then `smaps` of every process
 * of another user is denied; a plain user who was given the capability reads them all.
 */
import { readFileSync } from 'node:fs';
import { attempt } from './attempt.js';

/** The capabilities that change what can be read here, by their bit in linux/capability.h. */
const CAPABILITIES = [
  { name: 'CAP_DAC_READ_SEARCH', bit: 2n },
  { name: 'CAP_SYS_PTRACE', bit: 19n },
  { name: 'CAP_SYS_ADMIN', bit: 21n },
  { name: 'CAP_SYS_RESOURCE', bit: 24n },
  { name: 'CAP_PERFMON', bit: 38n },
  { name: 'CAP_BPF', bit: 39n },
] as const;

export interface Permissions {
  readonly euid: number;
  /** Those of `CAPABILITIES` that are in effect; absent when the kernel does not tell. */
  readonly capabilities?: readonly string[];
  /** Whether `smaps` and `smaps_rollup` of other users' processes can be read. */
  readonly readsOthers: boolean;
  /** What to grant to get more, absent when nothing is missing. */
  readonly advice?: string;
  /** `kernel.yama.ptrace_scope`; absent without Yama. It restricts attaching, not the reads made here. */
  readonly ptraceScope?: number;
  /** `kernel.perf_event_paranoid`. */
  readonly perfEventParanoid?: number;
}

/** The permissions of this process. Never throws. */
export function readPermissions(): Permissions {
  const euid = process.geteuid?.() ?? -1;
  const capabilities = attempt(() => capabilitiesOf(readFileSync('/proc/self/status', 'latin1')));
  const readsOthers = capabilities?.includes('CAP_SYS_PTRACE') ?? euid === 0;
  const ptraceScope = readSetting('yama/ptrace_scope');
  const perfEventParanoid = readSetting('perf_event_paranoid');
  return {
    euid,
    ...(capabilities ? { capabilities } : {}),
    readsOthers,
    ...(readsOthers ? {} : { advice: ADVICE }),
    ...(ptraceScope === undefined ? {} : { ptraceScope }),
    ...(perfEventParanoid === undefined ? {} : { perfEventParanoid }),
  };
}

const ADVICE =
  'to read PSS and mappings of other users, run as root or grant CAP_SYS_PTRACE ' +
  '(systemd: AmbientCapabilities=CAP_SYS_PTRACE; containers: --cap-add=SYS_PTRACE)';

/** The known capabilities in the line `CapEff` of a `status`; undefined when there is no such line. */
export function capabilitiesOf(status: string): string[] | undefined {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (mask === undefined) return undefined;
  const bits = BigInt(`0x${mask}`);
  return CAPABILITIES.filter(({ bit }) => (bits >> bit) & 1n).map(({ name }) => name);
}

function readSetting(name: string): number | undefined {
  const text = attempt(() => readFileSync(`/proc/sys/kernel/${name}`, 'latin1').trim());
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}
