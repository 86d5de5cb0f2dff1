/**
 * Metrics as text: Prometheus' format 0.0.4 and OpenMetrics 1.0, from the same families.
 *
 * The traps: in OpenMetrics a counter is named without the `_total` of its samples, a unit must be what the name ends with, and
 * the text has an end; in the older format there are neither units nor infos. A value that was not measured has no line.
 */
import { numberText } from '../export/rows.js';
import { escapeLabel } from '../text/escape.js';

export type FamilyType = 'gauge' | 'counter' | 'histogram' | 'info';

export interface Sample {
  /** Without braces, values escaped: `group="a",host="b"`; '' for none. */
  readonly labels: string;
  readonly value: number;
  /** What its name has behind that of the family: `_bucket`. */
  readonly suffix?: string;
}

export interface Family {
  /** As the samples have it: that of a counter ends with `_total`, that of an info with `_info`. */
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export type ExpositionFormat = 'text' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

const UNITS = ['bytes', 'seconds', 'ratio'];

/** The text of the families that have a sample. */
export function expositionOf(families: readonly Family[], format: ExpositionFormat): string {
  let text = '';
  for (const family of families) {
    let samples = '';
    for (const { labels, value, suffix = '' } of family.samples) {
      if (Number.isNaN(value)) continue;
      samples += `${family.name}${suffix}${labels === '' ? '' : `{${labels}}`} ${valueText(value)}\n`;
    }
    if (samples !== '')
      text += `${(format === 'text' ? headOfText(family) : headOfOpenMetrics(family)).join('\n')}\n${samples}`;
  }
  return format === 'openmetrics' ? `${text}# EOF\n` : text;
}

function headOfText({ name, type, help }: Family): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type === 'info' ? 'gauge' : type}`];
}

function headOfOpenMetrics({ name, type, help }: Family): string[] {
  const family = type === 'counter' ? name.replace(/_total$/, '') : name.replace(/_info$/, '');
  const unit = UNITS.find((candidate) => family.endsWith(`_${candidate}`));
  return [
    `# TYPE ${family} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${family} ${unit}`]),
    `# HELP ${family} ${escapeLabel(help)}`,
  ];
}

function valueText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return Number.isInteger(value) ? numberText(value) : String(value);
}

/**
 * What whoever asks would like best, by its `Accept`: OpenMetrics where it is asked for at least as much as text. Prometheus
 * asks for several versions; one that wants another than 1.0 gets text.
 */
export function formatFor(accept: string | undefined): ExpositionFormat {
  let [open, text] = [0, 0];
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const value = (name: string) => parameters.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
    const quality = Number(value('q') ?? 1) || 0;
    const version = value('version');
    if (type === 'application/openmetrics-text' && (version === undefined || version === '1.0.0')) {
      open = Math.max(open, quality);
    }
    if (type === 'text/plain') text = Math.max(text, quality);
  }
  return open > 0 && open >= text ? 'openmetrics' : 'text';
}
