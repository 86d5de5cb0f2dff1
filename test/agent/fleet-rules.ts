/** The shipped alerts on a faster clock: every duration in them divided by the same number, so that minutes show what hours would. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../src/text/package.js';

const MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /(\[|offset |for: )(\d+)([smhd])\b/g;
/** How far ahead a leak is looked for, seconds; and how many samples an hour must have, at the 15 s that are shipped. */
const [AHEAD, LEAST_SAMPLES] = ['4 * 3600', '> 60'];

export interface RuleClock {
  /** How many times as fast. */
  readonly faster: number;
  readonly scrapeMs: number;
}

/** Throws when the file has not what has to be changed. */
export function fastAlerts({ faster, scrapeMs }: RuleClock): string {
  const shipped = readFileSync(path.join(packageRoot(), 'deploy/prometheus/alerts.yml'), 'utf8');
  for (const part of [AHEAD, LEAST_SAMPLES]) {
    if (!shipped.includes(part)) throw new Error(`The alerts have no ${part}`);
  }
  const samples = Math.floor((60 * 15_000) / faster / scrapeMs);
  return shipped
    .replace(DURATION, (_, before: string, count: string, unit: string) => {
      return `${before}${Math.ceil((Number(count) * MS[unit]!) / faster)}ms`;
    })
    .replace(AHEAD, `${(4 * 3600) / faster}`)
    .replace(LEAST_SAMPLES, `> ${samples}`);
}
