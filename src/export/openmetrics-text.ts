/** The lines of OpenMetrics. */
import type { Metric } from '../schema.js';
import { escapeLabel } from '../text/escape.js';
import type { Points } from './points.js';
import { numberText } from './rows.js';

/** The head of a family, which is named without what its samples end with. */
export function headOf({ prometheus, kind, unit, help }: Metric): string {
  const family = kind === 'counter' ? prometheus.replace(/_total$/, '') : prometheus;
  const hasUnit = (unit === 'bytes' || unit === 'nanoseconds') && family.endsWith(`_${unit}`);
  return (
    `# TYPE ${family} ${kind}\n` +
    (hasUnit ? `# UNIT ${family} ${unit}\n` : '') +
    `# HELP ${family} ${escapeLabel(help)}\n`
  );
}

/** The samples of one series. */
export function* samplesOf({ prometheus }: Metric, labels: string, points: Points): Generator<string> {
  const series = `${prometheus}{${labels}} `;
  for (let at = 0; at < points.length; at++) {
    const value = points.values[at]!;
    const text = Number.isFinite(value) ? numberOf(value) : '+Inf';
    yield `${series}${text} ${secondsText(points.times[at]!)}\n`;
  }
}

function numberOf(value: number): string {
  return Number.isInteger(value) ? numberText(value) : String(value);
}

/** Unix seconds with all nine decimals. */
function secondsText(unixNs: bigint): string {
  const digits = String(unixNs).padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
