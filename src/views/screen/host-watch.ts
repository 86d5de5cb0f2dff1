/**
 * The host's own numbers for a screen: memory, pressure and kills, read once a frame.
 *
 * The traps: each of these files is missing on some host and in most captured trees, which leaves its field out and is
 * never 0; the count of kills tells that one happened but not whom, which only the kernel's log says, to root; and the log
 * has times of a clock that stands still while the host sleeps.
 */
import { MemoryHistory } from '../../analyze/memory-history.js';
import { KernelLog, type OomVictim } from '../../procfs/kmsg.js';
import { readMeminfo } from '../../procfs/meminfo.js';
import { readOwnOomKills } from '../../procfs/memory-events.js';
import { readMemoryPressure } from '../../procfs/pressure.js';
import { readVmstat } from '../../procfs/vmstat.js';
import type { HostModel, OomKill } from './screen-model.js';

type HostNumbers = Pick<HostModel, 'memory' | 'pressure' | 'oom' | 'availableShape'>;

const AVAILABLE_SLOT = 0;

export class HostWatch {
  readonly #root: string;
  /** The log and the control groups are this host's, whatever tree is read. */
  readonly #isOwn: boolean;
  readonly #history = new MemoryHistory();
  readonly #log: KernelLog | undefined;
  #kills: number | undefined;
  #last: OomKill | undefined;

  constructor(root: string) {
    this.#root = root;
    this.#isOwn = root === '/proc';
    this.#log = this.#isOwn ? attempt(() => new KernelLog()) : undefined;
  }

  /** Reads the numbers. `timeOf`: the clock time of a monotonic one. */
  read(nowNs: number, timeOf: (monotonicNs: bigint) => Date): HostNumbers {
    const meminfo = attempt(() => readMeminfo(this.#root));
    const pressure = attempt(() => readMemoryPressure(this.#root));
    const available = meminfo?.get('MemAvailable');
    this.#history.advance(nowNs);
    this.#history.put(AVAILABLE_SLOT, available ?? Number.NaN, nowNs);
    const oom = this.#readKills(timeOf);
    return {
      availableShape: (points) => this.#history.shape(AVAILABLE_SLOT, points).values,
      ...(meminfo
        ? {
            memory: present({
              available,
              total: meminfo.get('MemTotal'),
              swapTotal: meminfo.get('SwapTotal'),
              swapFree: meminfo.get('SwapFree'),
            }),
          }
        : {}),
      ...(pressure?.some ? { pressure: present({ some: pressure.some.avg10, full: pressure.full?.avg10 }) } : {}),
      ...(oom ? { oom } : {}),
    };
  }

  close(): void {
    this.#log?.close();
  }

  #readKills(timeOf: (monotonicNs: bigint) => Date): HostNumbers['oom'] {
    const kills = attempt(() => readVmstat(this.#root).get('oom_kill'));
    if (kills === undefined) return undefined;
    const victim = this.#log?.lastVictim();
    if (victim) this.#last = killOf(victim, timeOf);
    // Seen to happen, by nobody who could say whom.
    else if (this.#kills !== undefined && kills > this.#kills) this.#last = { at: new Date() };
    this.#kills = kills;
    const ofGroup = this.#isOwn ? readOwnOomKills(this.#root) : undefined;
    return { kills, ...(ofGroup === undefined ? {} : { ofGroup }), ...(this.#last ? { last: this.#last } : {}) };
  }
}

function killOf({ pid, comm, monotonicNs, ofCgroup }: OomVictim, timeOf: (monotonicNs: bigint) => Date): OomKill {
  return { pid, comm, at: timeOf(monotonicNs), ofCgroup };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
