/** All processes together over time: an overview to brush over, the stretch that is looked at, and what happened in it. */
import { MetricNumber, PAGE_METRICS, type PageMetricName, type Stretch } from '../page-format.js';
import { Chart } from './chart.js';
import { choice, element, refill, section, styleValue } from './dom.js';
import { clock, duration, metricText, zone } from './format.js';
import { linesOf } from './lines.js';
import type { PageRecording } from './recording.js';
import { columnTimes } from './sample.js';
import { change, state } from './state.js';

const KEYS: Record<string, (range: Stretch, all: Stretch) => Stretch> = {
  '+': (range) => zoomed(range, 0.5),
  '=': (range) => zoomed(range, 0.5),
  '-': (range) => zoomed(range, 2),
  ArrowLeft: (range) => moved(range, -0.25),
  ArrowRight: (range) => moved(range, 0.25),
  '0': (_, all) => all,
};
const LEAST_TICKS = 4;

export class TimelineView {
  readonly root: HTMLElement;
  readonly #chart: Chart;
  readonly #overview: Chart;
  readonly #shown = element('p', { class: 'shown', role: 'status' });
  readonly #metric: HTMLSelectElement;

  constructor(private recording: PageRecording) {
    const { startMs } = recording.head;
    const go = {
      startMs,
      onSelect: (range: Stretch) => this.#go(range, true),
      onReset: () => change({ range: undefined }, true),
    };
    this.#chart = new Chart({ ...go, height: 260 });
    this.#overview = new Chart({ ...go, height: 64, isOverview: true });
    const button = (label: string, key: string, text: string) =>
      element(
        'button',
        { type: 'button', title: `${label} (${key})`, 'aria-label': label, onclick: () => this.#press(key) },
        text,
      );
    const metric = choice(
      'Metric',
      PAGE_METRICS.filter(({ name }) => this.#isThere(name)).map(({ name, label, help }) => [
        name,
        `${label}: ${help}`,
      ]),
      (value) => change({ metric: value as PageMetricName }, true),
    );
    this.#metric = metric.select;
    const tools = element(
      'div',
      { class: 'tools', role: 'group', 'aria-label': 'Time range' },
      button('Earlier', 'ArrowLeft', '←'),
      button('Later', 'ArrowRight', '→'),
      button('Zoom in', '+', '+'),
      button('Zoom out', '-', '−'),
      button('All of it', '0', 'All'),
      metric.root,
    );
    const pictures = element(
      'div',
      {
        class: 'pictures',
        tabindex: 0,
        role: 'group',
        'aria-label': 'Timeline: plus and minus zoom, arrows move, 0 shows all',
      },
      this.#chart.root,
      this.#overview.root,
    );
    pictures.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
      event.preventDefault();
      this.#press(event.key);
    });
    const hint = element(
      'p',
      { class: 'hint' },
      'Drag over a picture to zoom in, double-click for all of it. Times are ',
      zone(startMs),
      '.',
    );
    this.root = section('timeline', 'All processes over time', tools, pictures, this.#shown, hint);
  }

  /** Goes on with newer data. */
  follow(recording: PageRecording): void {
    this.recording = recording;
  }

  /** What is looked at. */
  get range(): Stretch {
    const { range } = state();
    const all = this.#all();
    if (!range) return all;
    const to = Math.min(range.to, all.to);
    return range.from < to ? { from: range.from, to } : all;
  }

  draw(): void {
    const { head, totals } = this.recording;
    const { metric } = state();
    const { range } = this;
    this.#metric.value = metric;
    const color = styleValue('--line');
    const { columns } = this.#chart;
    const value = (of: number) => metricText(PAGE_METRICS[MetricNumber[metric]]!, of);
    const isBytes = PAGE_METRICS[MetricNumber[metric]]!.unit === 'bytes';
    const common = { gaps: head.gaps, events: head.events, value, isBytes };
    const lines = linesOf({ head, tracks: totals, range, columns }, metric, color);
    const most = Math.max(...lines.flatMap((line) => (line.most ?? line.last).map((each) => each ?? 0)), 0);
    const spoken = `${clock(head.startMs + range.from, head.durationMs)} to ${clock(head.startMs + range.to, head.durationMs)}, ${duration(range.to - range.from)}`;
    const { label } = PAGE_METRICS[MetricNumber[metric]]!;
    this.#chart.draw(
      { ...common, range, times: columnTimes(range, columns), lines },
      `${label} of all processes, ${spoken}; at most ${value(most)}`,
    );
    const all = this.#all();
    const wide = this.#overview.columns;
    const small = linesOf({ head, tracks: totals, range: all, columns: wide }, metric, color);
    const shown = state().range ? range : undefined;
    this.#overview.draw(
      { ...common, events: [], range: all, times: columnTimes(all, wide), lines: small, shown },
      `${label} of all processes over the whole recording`,
    );
    refill(this.#shown, `Shown: ${spoken}. ${lines.length === 0 ? 'It was not measured.' : `At most ${value(most)}.`}`);
  }

  redraw(): void {
    this.#chart.redraw();
    this.#overview.redraw();
  }

  #all(): Stretch {
    return { from: 0, to: this.recording.head.durationMs };
  }

  #isThere(name: PageMetricName): boolean {
    const track = this.recording.totals[MetricNumber[name]];
    return (
      name === state().metric ||
      (track !== undefined && track.times.length > 0 && track.last.some((value) => value > 0))
    );
  }

  #press(key: string): void {
    const all = this.#all();
    this.#go(KEYS[key]!(this.range, all), false);
  }

  #go(wanted: Stretch, push: boolean): void {
    const all = this.#all();
    const length = Math.min(all.to, Math.max(wanted.to - wanted.from, this.recording.head.periodMs * LEAST_TICKS));
    const from = Math.min(Math.max(0, wanted.from), all.to - length);
    const range = { from, to: from + length };
    change({ range: range.from <= 0 && range.to >= all.to ? undefined : range }, push);
  }
}

function zoomed({ from, to }: Stretch, by: number): Stretch {
  const middle = (from + to) / 2;
  const half = ((to - from) / 2) * by;
  return { from: middle - half, to: middle + half };
}

function moved({ from, to }: Stretch, by: number): Stretch {
  const step = (to - from) * by;
  return { from: from + step, to: to + step };
}
