/** One process: its metrics over time, what its memory is made of over time, and its address space. */
import { MetricNumber, PAGE_METRICS, type PageMetricName, type Stretch } from '../page-format.js';
import { Chart, type Line } from './chart.js';
import { classColor, className } from './colors.js';
import { choice, element, refill, section, styleValue } from './dom.js';
import { clock, duration, metricText, size, sizeChange } from './format.js';
import { linesOf, sample } from './lines.js';
import type { PageRecording, Tracks } from './recording.js';
import { columnTimes } from './sample.js';
import { type Space, SUMS } from './space-data.js';
import { SpaceView } from './space-view.js';
import { stacked } from './stacked.js';
import { change, state } from './state.js';
import type { V8Data } from './v8-data.js';
import { V8View } from './v8-view.js';

const MEMORY: readonly (readonly [PageMetricName, string])[] = [
  ['rss', '--line'],
  ['pss', '--line-2'],
  ['uss', '--line-3'],
  ['swap', '--line-4'],
];
const PARTS: readonly (readonly [PageMetricName, string])[] = [
  ['pssFile', '--line-3'],
  ['pssShmem', '--line-4'],
  ['pssAnon', '--line-2'],
];

interface Opened {
  readonly key: string;
  readonly process: number;
  readonly tracks: Tracks;
  readonly space: Space | undefined;
  readonly v8: V8Data | undefined;
}

export class ProcessView {
  readonly root: HTMLElement;
  readonly #body = element('div');
  readonly #chart: Chart;
  readonly #stack: Chart;
  readonly #v8: V8View;
  readonly #space = new SpaceView();
  readonly #facts = element('dl', { class: 'facts' });
  readonly #stackChoice: { readonly root: HTMLElement; readonly select: HTMLSelectElement };
  #opened: Opened | undefined;
  #asked = 0;
  /** What is opened is of an older version of the recording. */
  #isOld = false;

  constructor(
    private recording: PageRecording,
    private readonly rangeNow: () => Stretch,
  ) {
    const { startMs } = recording.head;
    const options = {
      startMs,
      onSelect: (range: Stretch) => change({ range }, true),
      onReset: () => change({ range: undefined }, true),
    };
    this.#chart = new Chart({ ...options, height: 220 });
    this.#stack = new Chart({ ...options, height: 220 });
    this.#v8 = new V8View(options);
    this.#stackChoice = choice(
      'Added up by',
      SUMS.map((sum) => [sum, sum.toUpperCase()]),
      (stack) => change({ stack }),
    );
    this.root = section('process', 'One process', this.#body);
  }

  /** Goes on with newer data; what is there stays there, and keeps the focus. */
  follow(recording: PageRecording): void {
    this.recording = recording;
    this.#isOld = true;
  }

  /** Shows the process that is chosen, or says how to choose one. Resolves when it is drawn. */
  async draw(): Promise<void> {
    const { recording } = this;
    const asked = ++this.#asked;
    const process = recording.find(state().process);
    if (process < 0) {
      this.#opened = undefined;
      const lost = state().process === undefined ? '' : 'The chosen process is not listed in this recording. ';
      refill(this.#body, element('p', {}, `${lost}Choose a process in the table above.`));
      return;
    }
    const before = this.#opened;
    const key = recording.head.processes.key[process]!;
    if (before?.key !== key || this.#isOld) {
      const [tracks, space, v8] = await Promise.all([
        recording.tracks(process),
        recording.space(process),
        recording.v8(process),
      ]);
      // Somebody may have chosen another one meanwhile.
      if (asked !== this.#asked) return;
      this.#opened = { key, process, tracks, space, v8 };
      this.#isOld = false;
      const has = (one: Opened | undefined) => `${one?.key} ${one?.space !== undefined} ${one?.v8 !== undefined}`;
      const isSame = has(before) === has(this.#opened);
      if (!isSame) this.#build(this.#opened);
      this.#tellFacts(process);
    }
    if (!this.#opened) return;
    this.#drawCharts(this.#opened);
    this.#space.draw(this.#opened.space, recording.head);
  }

  redraw(): void {
    if (!this.#opened) return;
    this.#chart.redraw();
    this.#stack.redraw();
    this.#v8.redraw();
    this.#space.redraw();
  }

  #build({ process, space, v8 }: Opened): void {
    const { recording } = this;
    const pieces: (Node | null)[] = [element('h3', { class: 'name' }, recording.nameOf(process)), this.#facts];
    if ((recording.head.processes.block[process] ?? -1) < 0)
      pieces.push(element('p', {}, 'Its course is not kept in this page.'));
    pieces.push(
      this.#chart.root,
      element('h3', {}, space ? 'Memory by class over time' : 'Memory by kind over time'),
      space ? element('p', { class: 'tools' }, this.#stackChoice.root) : null,
      this.#stack.root,
      space ? element('p', { class: 'note' }, this.#readsText(space)) : null,
      v8 ? this.#v8.root : null,
      this.#space.root,
    );
    refill(this.#body, ...pieces);
  }

  /** Areas that are level for long may only have been read once. */
  #readsText({ instants }: Space): string {
    const { startMs, durationMs } = this.recording.head;
    const last = clock(startMs + instants.at(-1)!.ms, durationMs);
    return instants.length === 1
      ? `The mappings were read once, at ${last}; that is drawn on to the end.`
      : `The mappings were read ${instants.length} times, last at ${last}; each read is drawn on to the next.`;
  }

  #tellFacts(process: number): void {
    const { processes, durationMs } = this.recording.head;
    const first = processes.first[process]!;
    const last = processes.last[process]!;
    const facts: [string, string][] = [
      ['Command', processes.command[process] ?? 'not recorded'],
      ['Parent', String(processes.parent[process])],
      ['Seen', `for ${duration(last - first)} of ${duration(durationMs)}`],
      ['Peak RSS', size(processes.peak[process])],
      ['Growth', sizeChange(processes.growth[process])],
      ['End', processes.ended[process] ?? 'it lives on'],
    ];
    refill(
      this.#facts,
      ...facts.map(([label, text]) => element('div', {}, element('dt', {}, label), element('dd', {}, text))),
    );
  }

  #drawCharts({ process, tracks, space, v8 }: Opened): void {
    const { head } = this.recording;
    const range = this.rangeNow();
    const { columns } = this.#chart;
    // Mappings are told when they were read, and not that they are gone.
    const endMs = Math.min(head.durationMs, head.processes.last[process]! + head.periodMs);
    const query = { head, tracks, range, columns, endMs };
    const { metric } = state();
    const isMemory = PAGE_METRICS[MetricNumber[metric]]!.unit === 'bytes';
    const names = isMemory ? MEMORY : ([[metric, '--line']] as const);
    const lines = names.flatMap(([name, color]) => linesOf(query, name, styleValue(color)));
    const events = head.events.filter(
      (event) => event.process === process || event.kind === 'mark' || (event.to !== undefined && event.kind !== 'gc'),
    );
    const times = columnTimes(range, columns);
    const common = { range, times, gaps: head.gaps, events };
    const drawn = isMemory ? PAGE_METRICS[0] : PAGE_METRICS[MetricNumber[metric]]!;
    const name = this.recording.nameOf(process);
    this.#chart.draw(
      { ...common, isBytes: isMemory, lines, value: (value) => metricText(drawn, value) },
      `${lines.map(({ label }) => label).join(', ')} of ${name}`,
    );
    this.#stackChoice.select.value = state().stack;
    const layers = space ? classLayers(space, query) : kindLayers(query);
    this.#stack.draw(
      { ...common, isBytes: true, lines: stacked(layers), value: (value) => size(Math.round(value)) },
      `Memory of ${name}: ${layers.map(({ label }) => label).join(', ')}`,
    );
    if (v8) this.#v8.draw(v8, query, { range, times, gaps: head.gaps, events }, name);
  }
}

/** One layer per class, those at the bottom first. */
function classLayers(space: Space, query: Parameters<typeof sample>[0]): Line[] {
  const sum = SUMS.indexOf(state().stack as (typeof SUMS)[number]);
  return space.sums
    .filter((each) => each.sum === sum)
    .sort((a, b) => a.mappingClass - b.mappingClass)
    .map(({ mappingClass, track }) => ({
      label: className(mappingClass),
      color: classColor(mappingClass),
      fill: classColor(mappingClass, 0.75),
      last: sample(query, track).last,
    }));
}

/** Where no mappings were read: what the deep reads tell, or else what the counters do. */
function kindLayers(query: Parameters<typeof sample>[0]): Line[] {
  const layer = (label: string, color: string, last: (number | null)[]): Line => ({
    label,
    color,
    fill: `color-mix(in srgb, ${color} 70%, transparent)`,
    last,
  });
  const parts = PARTS.flatMap(([name, color]) => {
    const track = query.tracks[MetricNumber[name]];
    return track ? [layer(PAGE_METRICS[MetricNumber[name]]!.label, styleValue(color), sample(query, track).last)] : [];
  });
  if (parts.length > 0) return parts;
  const [rss, anon] = [query.tracks[MetricNumber.rss], query.tracks[MetricNumber.rssAnon]];
  if (!rss || !anon) return [];
  const all = sample(query, rss).last;
  const own = sample(query, anon).last;
  const rest = all.map((value, column) => (value === null ? null : value - (own[column] ?? 0)));
  return [
    layer('File and shmem RSS', styleValue('--line-3'), rest),
    layer('Anonymous RSS', styleValue('--line-2'), own),
  ];
}
