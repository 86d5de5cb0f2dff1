/** The long forms of kills.ts: each engine on a disk and in memory, and a writer that does nothing but write. */
import { tmpdir } from 'node:os';
import { startSleep } from '../recorder/workload.js';
import { type KilledEngine, killWriters } from './kills.js';
import type { Trial } from './trial.js';

const MEMORY = '/dev/shm';

function killTrial(engine: KilledEngine, medium: 'disk' | 'tmpfs'): Trial {
  const writer = engine === 'none' ? 'a writer that only writes' : `the sampler with engine ${engine}`;
  return {
    name: `kills-${engine}-${medium}`,
    says: `SIGKILL ${writer} at random instants, on ${medium}: what it had reported is read back equal, and no more`,
    count: 500,
    async run({ count, seed, progress }) {
      const sleep = startSleep(86_400);
      try {
        const folder = medium === 'disk' ? (process.env.TORTURE_DISK ?? tmpdir()) : MEMORY;
        return {
          ...(await killWriters({ engine, folder, kills: count, seed, pids: [process.pid, sleep.pid!], progress })),
        };
      } finally {
        sleep.kill();
      }
    },
  };
}

export const KILL_TRIALS: readonly Trial[] = (['ts', 'native', 'none'] as const).flatMap((engine) =>
  (['disk', 'tmpfs'] as const).map((medium) => killTrial(engine, medium)),
);
