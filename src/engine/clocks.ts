/**
 * The clocks of this host, read together.
 *
 * The traps: the monotonic clock stands still while the machine sleeps and the real one is set by people and daemons, so
 * neither alone places a frame in time; JavaScript's own real time has milliseconds only.
 */
import { readFileSync } from 'node:fs';
import { nativeBinding } from './native-binding.js';

/** One instant on three clocks, in nanoseconds. */
export interface ClockReading {
  /** What frames are stamped with. */
  readonly monotonicNs: bigint;
  /** Unix time. */
  readonly realNs: bigint;
  /** Since boot, time asleep included. */
  readonly boottimeNs: bigint;
}

const out = new BigInt64Array(4);

export function readClocks(): ClockReading {
  const binding = nativeBinding();
  if (binding.state === 'loaded') {
    binding.addon.clocks(out);
    return { monotonicNs: out[0]!, realNs: out[1]!, boottimeNs: out[2]! };
  }
  // At the turn of a millisecond its number is exact: wait for one, a millisecond at most.
  const before = Date.now();
  let now = before;
  while (now === before) now = Date.now();
  const monotonicNs = process.hrtime.bigint();
  const uptime = readFileSync('/proc/uptime', 'latin1').split(' ')[0]!;
  return {
    monotonicNs,
    realNs: BigInt(now) * 1_000_000n,
    boottimeNs: BigInt(Math.round(Number(uptime) * 100)) * 10_000_000n,
  };
}

/** CPU time of the calling thread so far, nanoseconds. */
export function threadCpuNs(): number {
  const binding = nativeBinding();
  if (binding.state === 'loaded') {
    binding.addon.clocks(out);
    return Number(out[3]!);
  }
  return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]);
}

/** CPU time of this whole process so far, nanoseconds. */
export function processCpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}
