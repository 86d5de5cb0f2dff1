/** An agent that pushes to a store which it cannot reach for minutes, in every way. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runOutage } from '../agent/outage.js';
import type { Trial } from './trial.js';

export const OUTAGE_TRIAL: Trial = {
  name: 'outage',
  says: 'for so many seconds each, the network of an agent is cut, unplugged and slow, its store stopped and it killed: nothing is lost',
  count: 90,
  run: async ({ count: seconds }) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-outage-'));
    try {
      const figures = await runOutage(folder, { partMs: seconds * 1000, isKilled: true, hz: 10 });
      const { pushes, retries, repeated, missing, dropped, refused, waited, calm, troubled } = figures;
      if (missing > 0) throw new Error(`${missing} pushes are missing`);
      if (dropped + refused > 0) throw new Error(`${dropped} samples were dropped and ${refused} refused`);
      if (repeated > retries) throw new Error(`${repeated} pushes came twice, and only ${retries} were tried again`);
      if (troubled.perSecond < 0.95 * calm.perSecond || troubled.missedPart > calm.missedPart + 0.02) {
        throw new Error(`Sweeps suffered: ${JSON.stringify({ calm, troubled })}`);
      }
      const percent = (part: number) => `${(part * 100).toFixed(2)} %`;
      return {
        ...{ pushes, retries, 'arrived twice': repeated, 'most that waited': waited },
        'missed sweeps before': percent(calm.missedPart),
        'and meanwhile': percent(troubled.missedPart),
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
