/**
 * The memory of a program that told of its V8: what its RSS is made of, the spaces of its heap, and what collections took.
 *
 * The trap: V8 tells of its heap only while its thread is free, so a stretch that is level may be one in which it was asked nothing;
 * collections are told all the same, each with its time.
 */
import type { Stretch } from '../page-format.js';
import { MetricNumber } from '../page-format.js';
import { Chart, type ChartOptions, type Drawn, type Line } from './chart.js';
import { choice, element, refill, styleValue } from './dom.js';
import { size, sizeChange } from './format.js';
import { type LineQuery, sample } from './lines.js';
import { stacked } from './stacked.js';
import { change, state } from './state.js';
import type { Track } from './track.js';
import type { V8Data } from './v8-data.js';
import { V8_LAYERS, type V8Amounts, type V8Layer, v8Amounts } from './v8-layers.js';

/** Hue, saturation, lightness. */
const COLORS: Record<V8Layer, readonly [hue: number, saturation: number, lightness: number]> = {
  'Code and data': [265, 45, 52],
  'Files and shared': [175, 50, 40],
  Stacks: [140, 50, 42],
  'V8 heap, in use': [215, 80, 48],
  'V8 heap, free': [210, 60, 72],
  'External and array buffers': [45, 90, 50],
  'Malloc beside them': [22, 85, 50],
  'Not accounted for': [220, 8, 58],
};
const SPACE_HUES = [215, 40, 175, 285, 22, 140, 345, 60];
const NS_PER_MS = 1e6;

type Common = Pick<Drawn, 'times' | 'gaps' | 'events'> & { readonly range: Stretch };

export class V8View {
  readonly root = element('div', { class: 'v8' });
  readonly #parts: Chart;
  readonly #spaces: Chart;
  readonly #pauses: Chart;
  readonly #body = element('tbody');
  readonly #note = element('p', { class: 'note' });
  readonly #kind = choice(
    'Of each space',
    [
      ['used', 'what is in use'],
      ['committed', 'what is committed'],
    ],
    (heap) => change({ heap }),
  );

  constructor(options: Omit<ChartOptions, 'height'>) {
    this.#parts = new Chart({ ...options, height: 260 });
    this.#spaces = new Chart({ ...options, height: 180 });
    this.#pauses = new Chart({ ...options, height: 120 });
    const headers = ['At the begin', 'At the end', 'Change'].map((title) =>
      element('th', { scope: 'col', class: 'number' }, title),
    );
    refill(
      this.root,
      element('h3', {}, 'What its resident memory is made of, with V8'),
      this.#parts.root,
      this.#note,
      element(
        'div',
        { class: 'scroll', role: 'region', tabindex: 0, 'aria-label': 'Parts of resident memory in this stretch' },
        element(
          'table',
          {},
          element('thead', {}, element('tr', {}, element('th', { scope: 'col', class: 'text' }, 'Part'), ...headers)),
          this.#body,
        ),
      ),
      element('h3', {}, 'Spaces of the V8 heap'),
      element('p', { class: 'tools' }, this.#kind.root),
      this.#spaces.root,
      element('h3', {}, 'Pauses for collections'),
      this.#pauses.root,
    );
  }

  draw(data: V8Data, query: LineQuery, common: Common, name: string): void {
    const amounts = amountsOf(data, query);
    const bytes = (value: number) => size(Math.round(value));
    const told = V8_LAYERS.filter((layer) => amounts.some((amount) => (amount?.[layer] ?? 0) > 0));
    const layers = told.map((layer) =>
      layerOf(labelOf(layer, data), hsl(COLORS[layer]), (at) => amounts[at]?.[layer], amounts.length),
    );
    this.#parts.draw(
      { ...common, isBytes: true, lines: stacked(layers), value: bytes },
      `Resident memory of ${name} by what holds it: ${labels(layers)}`,
    );
    this.#tell(data, amounts, told);
    this.#kind.select.value = state().heap;
    const kind = state().heap === 'committed' ? 'committed' : 'used';
    const spaces = data.spaces
      .map((space, index) => ({ space, color: SPACE_HUES[index % SPACE_HUES.length]!, ...sample(query, space[kind]) }))
      .filter(({ last }) => last.some((value) => (value ?? 0) > 0))
      .map(({ space, color, last }) => {
        const hue = hsl([color, 65, 52]);
        return layerOf(space.name.replaceAll('_', ' '), hue, (at) => last[at], last.length);
      });
    this.#spaces.draw(
      { ...common, isBytes: true, lines: stacked(spaces), value: bytes },
      `Spaces of the V8 heap of ${name}, what is ${kind === 'used' ? 'in use' : 'committed'}: ${labels(spaces)}`,
    );
    const pauses = [
      ...pausesOf(query, 'All of the heap', '--gc', data.pauses.whole),
      ...pausesOf(query, 'Young objects and steps', '--line-2', data.pauses.other),
    ];
    this.#pauses.draw(
      { ...common, isBytes: false, lines: pauses, value: (value) => `${(value / NS_PER_MS).toFixed(1)} ms` },
      `Pauses of ${name} for collections: ${labels(pauses) || 'there were none'}`,
    );
  }

  redraw(): void {
    for (const chart of [this.#parts, this.#spaces, this.#pauses]) chart.redraw();
  }

  #tell(data: V8Data, amounts: readonly (V8Amounts | undefined)[], told: readonly V8Layer[]): void {
    const { parts, thread } = data;
    const known = amounts.filter((amount) => amount !== undefined);
    const [first, last] = [known[0], known.at(-1)];
    const rows = told.map((layer) => [layer, labelOf(layer, data), first?.[layer], last?.[layer]] as const);
    const sum = (amount: V8Amounts | undefined) =>
      amount && Object.values(amount).reduce((all, bytes) => all + bytes, 0);
    refill(
      this.#body,
      ...[...rows, [undefined, 'Resident memory', sum(first), sum(last)] as const].map(([layer, label, from, to]) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, layer ? swatch(layer) : null, ` ${label}`),
          ...[size(from ?? null), size(to ?? null), sizeChange((to ?? Number.NaN) - (from ?? Number.NaN))].map((text) =>
            element('td', { class: 'number' }, text),
          ),
        ),
      ),
    );
    const ticks = 'Ticks at the top are collections, long ones those of all of the heap.';
    const whose = thread === 0 ? '' : ` The heap is that of its thread ${thread}.`;
    const mappings =
      parts.size > 0
        ? ''
        : ' Its mappings were not read, so stacks and what malloc has are in what is not accounted for.';
    refill(this.#note, `${ticks} V8 tells of its heap while its thread is not busy.${whose}${mappings}`);
  }
}

/** By column. */
function amountsOf({ heap, parts }: V8Data, query: LineQuery): (V8Amounts | undefined)[] {
  const { columns, tracks } = query;
  const values = (track: Track | undefined) => (track ? sample(query, track).last : []);
  const rss = values(tracks[MetricNumber.rss]);
  const rssAnon = values(tracks[MetricNumber.rssAnon]);
  const [used, physical, external] = [heap.used, heap.physical, heap.external].map(values);
  const malloc = values(parts.get('malloc beside it'));
  const [images, stacks, files] = (['code and data', 'stacks', 'files and shared'] as const).map((part) =>
    alsoBefore(parts.get(part), values(parts.get(part))),
  );
  return Array.from({ length: columns }, (_, at) =>
    v8Amounts({
      ...{ rss: rss[at], rssAnon: rssAnon[at], used: used![at], physical: physical![at], external: external![at] },
      ...{ malloc: malloc[at], images: images![at], stacks: stacks![at], files: files![at] },
    }),
  );
}

/** What hardly moves had been there before it was first read. */
function alsoBefore(track: Track | undefined, values: readonly (number | null)[]): readonly (number | null)[] {
  const first = track?.last[0];
  const known = values.findIndex((value) => value !== null);
  return first === undefined ? values : values.map((value, at) => (at < known || known < 0 ? first : value));
}

function layerOf(
  label: string,
  color: string,
  value: (column: number) => number | null | undefined,
  columns: number,
): Line {
  const last = Array.from({ length: columns }, (_, column) => value(column) ?? null);
  return { label, color, fill: `color-mix(in srgb, ${color} 75%, transparent)`, last };
}

function pausesOf(query: LineQuery, label: string, color: string, pauses: Track): Line[] {
  if (pauses.times.length === 0) return [];
  const drawn = sample(query, pauses);
  return [{ label, color: styleValue(color), ...drawn, own: drawn.most }];
}

function labels(lines: readonly Line[]): string {
  return lines.map(({ label }) => label).join(', ');
}

function hsl([hue, saturation, lightness]: readonly [number, number, number]): string {
  return `hsl(${hue} ${saturation}% ${lightness}%)`;
}

function swatch(layer: V8Layer): HTMLElement {
  const made = element('span', { class: 'swatch', 'aria-hidden': 'true' });
  made.style.background = hsl(COLORS[layer]);
  return made;
}

/** What the kernel's counters tell of files has code in it. */
function labelOf(layer: V8Layer, { parts }: V8Data): string {
  return layer === 'Files and shared' && parts.size === 0 ? 'Code, files and shared' : layer;
}
