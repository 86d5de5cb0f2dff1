/**
 * A chart over time: lines with the band between least and most of each column of pixels, or areas on top of each other;
 * behind them gaps, marks and what happened.
 *
 * The trap: it is drawn on a canvas, which a screen reader cannot read: each chart has a sentence that says what it shows.
 */
import uPlot from 'uplot';
import type { Gap, PageEvent, Stretch } from '../page-format.js';
import { styleValue } from './dom.js';
import { axisClock, axisSizes, clock } from './format.js';

export interface Line {
  readonly label: string;
  readonly color: string;
  readonly last: (number | null)[];
  /** Without them there is no band. */
  readonly least?: (number | null)[];
  readonly most?: (number | null)[];
  readonly isDashed?: boolean;
  /** Fills down to the line before it. */
  readonly fill?: string;
  /** What the legend tells, where the line stands on others. */
  readonly own?: (number | null)[];
}

export interface Drawn {
  readonly range: Stretch;
  /** Milliseconds since the recording began, of the middles of the columns. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly gaps: readonly Gap[];
  readonly events: readonly PageEvent[];
  readonly value: (value: number) => string;
  /** The steps of the scale are powers of two. */
  readonly isBytes: boolean;
  /** A stretch that is marked out, as in the overview. */
  readonly shown?: Stretch | undefined;
}

export interface ChartOptions {
  readonly height: number;
  readonly startMs: number;
  readonly onSelect: (stretch: Stretch) => void;
  readonly onReset: () => void;
  /** Only the lines and what is marked out. */
  readonly isOverview?: boolean;
}

const SHOWS_BAND = 0.5;
/** Of estimates, which are wide and lie over each other. */
const SHOWS_ESTIMATE = 0.16;
const BINARY_STEPS = Array.from({ length: 60 }, (_, power) => 2 ** power);
export const EVENT_COLORS: Record<PageEvent['kind'] | 'gap', string> = {
  mark: '--mark',
  span: '--mark',
  gc: '--gc',
  exec: '--exec',
  exit: '--exit',
  oom: '--oom',
  arrive: '--exec',
  resume: '--mark',
  clock: '--mark',
  gap: '--gap',
};

export class Chart {
  readonly root = document.createElement('div');
  #plot: uPlot | undefined;
  #drawn: Drawn | undefined;
  #shape = '';

  constructor(private readonly options: ChartOptions) {
    this.root.className = 'chart';
    this.root.setAttribute('role', 'img');
  }

  /** Columns of pixels that there is room for. */
  get columns(): number {
    return Math.max(50, Math.min(1600, this.#width() - 70));
  }

  draw(drawn: Drawn, label: string): void {
    this.#drawn = drawn;
    this.root.setAttribute('aria-label', label);
    const { startMs } = this.options;
    const data: (number | null)[][] = [drawn.times.map((time) => startMs + time)];
    for (const line of drawn.lines) data.push(...(hasBand(line) ? [line.most!, line.least!] : []), line.last);
    // Lines that differ in more than their values need another plot.
    const shape = JSON.stringify([
      drawn.isBytes,
      drawn.lines.map(({ label, color, isDashed, fill, most }) => [label, color, isDashed, fill, most !== undefined]),
      styleValue('--text'),
      axisPixels(),
    ]);
    if (!this.#plot || shape !== this.#shape) {
      this.#plot?.destroy();
      this.#plot = new uPlot(this.#uplotOptions(drawn), data as uPlot.AlignedData, this.root);
      this.#shape = shape;
    } else {
      this.#plot.batch(() => {
        const plot = this.#plot!;
        plot.setData(data as uPlot.AlignedData, false);
        plot.setScale('x', { min: startMs + drawn.range.from, max: startMs + drawn.range.to });
      });
      this.#resize();
    }
    this.#markShown();
  }

  /** Draws it anew, for other colours or another width. */
  redraw(): void {
    this.#resize();
    this.#plot?.redraw();
  }

  #resize(): void {
    const width = this.#width();
    if (this.#plot && this.#plot.width !== width) this.#plot.setSize({ width, height: this.options.height });
  }

  #width(): number {
    return Math.max(200, Math.floor(this.root.clientWidth || this.root.parentElement?.clientWidth || 800));
  }

  #markShown(): void {
    const { shown } = this.#drawn!;
    const plot = this.#plot!;
    if (!this.options.isOverview) return;
    if (!shown) {
      plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      return;
    }
    const left = plot.valToPos(this.options.startMs + shown.from, 'x');
    const right = plot.valToPos(this.options.startMs + shown.to, 'x');
    plot.setSelect({ left, width: Math.max(1, right - left), top: 0, height: plot.over.clientHeight }, false);
  }

  #uplotOptions(drawn: Drawn): uPlot.Options {
    const { height, startMs, onSelect, onReset, isOverview = false } = this.options;
    const series: uPlot.Series[] = [{ value: (_, time) => (time === null ? '' : this.#clock(time)) }];
    const bands: uPlot.Band[] = [];
    let below: number | undefined;
    for (const [index, line] of drawn.lines.entries()) {
      if (hasBand(line)) {
        const hidden = { label: line.label, stroke: 'transparent', width: 0, points: { show: false }, class: 'bound' };
        series.push({ ...hidden }, { ...hidden });
        bands.push({
          series: [series.length - 2, series.length - 1],
          fill: translucent(line.color, line.isDashed ? SHOWS_ESTIMATE : SHOWS_BAND),
        });
      }
      const own: uPlot.Series = {
        label: line.label,
        stroke: line.color,
        width: 1.25,
        points: { show: false },
        value: (_, value, __, at) => this.#told(index, at, value),
      };
      if (line.isDashed) own.dash = [5, 4];
      if (line.fill !== undefined && below === undefined) own.fill = line.fill;
      series.push(own);
      if (line.fill !== undefined) {
        if (below !== undefined) bands.push({ series: [series.length - 1, below], fill: line.fill });
        below = series.length - 1;
      }
    }
    const axis = {
      stroke: () => styleValue('--muted'),
      grid: { stroke: () => styleValue('--grid'), width: 1 },
      ticks: { show: false },
      font: `${axisPixels()}px system-ui, sans-serif`,
    };
    return {
      width: this.#width(),
      height,
      ms: 1,
      // Rounded up, as it is without this, the scale would be off by a millisecond.
      tzDate: (time) => new Date(Math.floor(time)),
      // Half a time of day fits beside the last line of the grid.
      padding: [14, 2.5 * axisPixels(), 0, 0],
      cursor: { drag: { x: true, y: false, setScale: false }, points: { show: !isOverview }, x: !isOverview, y: false },
      legend: { show: !isOverview, live: true },
      select: { show: true, left: 0, top: 0, width: 0, height: 0 },
      scales: {
        x: { time: true, range: () => [startMs + this.#drawn!.range.from, startMs + this.#drawn!.range.to] },
        y: { range: (_, __, most) => [0, most > 0 ? most * 1.06 : 1] },
      },
      axes: isOverview
        ? [{ show: false }, { ...axis, size: 6 * axisPixels(), values: () => [], grid: { show: false } }]
        : [
            {
              ...axis,
              space: 7.5 * axisPixels(),
              size: 2.5 * axisPixels(),
              values: (plot, splits) => axisClock(splits, (plot.scales.x?.max ?? 0) - (plot.scales.x?.min ?? 0)),
            },
            {
              ...axis,
              size: 6 * axisPixels(),
              ...(drawn.isBytes ? { incrs: BINARY_STEPS } : {}),
              values: (_, splits) =>
                drawn.isBytes ? axisSizes(splits) : splits.map((value) => this.#drawn!.value(value)),
            },
          ],
      series,
      bands,
      hooks: {
        drawClear: [(plot) => this.#drawGaps(plot)],
        draw: [(plot) => this.#drawEvents(plot)],
        setSelect: [
          (plot) => {
            const { left, width } = plot.select;
            if (width < 3) return;
            const from = Math.max(0, plot.posToVal(left, 'x') - startMs);
            const to = plot.posToVal(left + width, 'x') - startMs;
            if (!isOverview) plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            onSelect({ from, to });
          },
        ],
        ready: [
          (plot) => {
            plot.over.addEventListener('dblclick', onReset);
          },
        ],
      },
    };
  }

  #told(line: number, at: number | null, value: number | null | undefined): string {
    const own = at === null ? null : this.#drawn!.lines[line]?.own?.[at];
    const told = own === undefined ? value : own;
    return told === null || told === undefined ? '–' : this.#drawn!.value(told);
  }

  #clock(time: number): string {
    const { from, to } = this.#drawn!.range;
    return clock(time, to - from);
  }

  #drawGaps(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const { gaps, events } = this.#drawn!;
    const x = (ms: number) => plot.valToPos(this.options.startMs + ms, 'x', true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const { from, to } of gaps) hatch(ctx, x(from), Math.max(x(from) + 1, x(to)), bbox, styleValue('--gap'));
    for (const { kind, at, to } of events) {
      if (to === undefined) continue;
      ctx.fillStyle = translucent(styleValue(EVENT_COLORS[kind]), 0.14);
      ctx.fillRect(x(at), bbox.top, Math.max(1, x(to) - x(at)), bbox.height);
    }
    ctx.restore();
  }

  #drawEvents(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const { events, range } = this.#drawn!;
    const ratio = devicePixelRatio || 1;
    ctx.save();
    // Thousands of exits would hide the lines: one in each column of pixels and kind.
    const seen = new Set<string>();
    for (const { kind, at, isLarge = false } of events) {
      if (at < range.from || at > range.to) continue;
      const left = Math.round(plot.valToPos(this.options.startMs + at, 'x', true));
      const key = `${kind}${isLarge}${left}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const isLoud = kind === 'oom' || kind === 'mark' || kind === 'span' || kind === 'resume' || kind === 'clock';
      ctx.fillStyle = styleValue(EVENT_COLORS[kind]);
      ctx.globalAlpha = isLoud ? 0.9 : 0.5;
      ctx.fillRect(left, bbox.top, (kind === 'oom' ? 2 : 1) * ratio, isLoud ? bbox.height : (isLarge ? 20 : 8) * ratio);
    }
    ctx.restore();
  }
}

/** As large as small text is for this reader. */
function axisPixels(): number {
  return Math.round(Number.parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.75);
}

function hasBand({ least, most }: Line): boolean {
  return least !== undefined && most !== undefined;
}

function hatch(
  ctx: CanvasRenderingContext2D,
  from: number,
  to: number,
  { top, height }: uPlot.BBox,
  color: string,
): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, top, to - from, height);
  ctx.clip();
  ctx.fillStyle = translucent(color, 0.18);
  ctx.fillRect(from, top, to - from, height);
  ctx.strokeStyle = translucent(color, 0.6);
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (let x = from - height; x < to; x += 8) {
    ctx.moveTo(x, top + height);
    ctx.lineTo(x + height, top);
  }
  ctx.stroke();
  ctx.restore();
}

function translucent(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${Math.round(alpha * 100)}%, transparent)`;
}
