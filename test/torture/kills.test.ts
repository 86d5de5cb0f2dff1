/** The short form of `npm run torture -- kills`. */
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { startSleep } from '../recorder/workload.js';
import { type KilledEngine, killWriters } from './kills.js';

it.each([
  ['ts', tmpdir()],
  ['native', '/dev/shm'],
  ['none', tmpdir()],
] as const)(
  'what a writer with engine %s reported before it was killed is there and equal (%s)',
  async (engine: KilledEngine, folder) => {
    const sleep = startSleep();
    try {
      const figures = await killWriters({
        engine,
        folder,
        kills: 8,
        seed: Date.now(),
        pids: [process.pid, sleep.pid!],
      });
      expect(figures.compared).toBeGreaterThan(50);
      expect(figures.reported).toBeGreaterThan(50);
    } finally {
      sleep.kill();
    }
  },
);
