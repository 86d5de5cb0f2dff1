/** A fleet of agents on this machine for minutes, into a real VictoriaMetrics and a real Prometheus. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runFleet } from '../agent/fleet.js';
import type { Trial } from './trial.js';

/** Ten minutes of the alerts' clock in ten seconds. */
const PLAN = { hz: 2, scrapeMs: 1000, faster: 60, stepMs: 10_000, steps: 12 };

export const FLEET_TRIAL: Trial = {
  name: 'fleet',
  says: 'so many agents push and are scraped for four minutes; the sums of both stores are those of statm, and leaks alone alert',
  count: 20,
  run: async ({ count: hosts }) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-fleet-'));
    try {
      const { byScraping, byPushing, fired, planted, series } = await runFleet(folder, { ...PLAN, hosts });
      const wrong = [...byScraping.wrong, ...byPushing.wrong];
      if (wrong.length > 0) throw new Error(`${wrong.length} sums are wrong: ${wrong.slice(0, 5).join('; ')}`);
      if (fired.join() !== planted.join())
        throw new Error(`Alerts were ${fired.join(', ')}, not ${planted.join(', ')}`);
      return {
        agents: hosts + 1,
        series,
        'equal by scraping': byScraping.equal,
        'in between': byScraping.between,
        'equal by pushing': byPushing.equal,
        'in between there': byPushing.between,
        alerts: fired.length,
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
