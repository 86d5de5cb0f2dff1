/** What happened in the stretch that is looked at: marks, spans, execs, exits, OOM kills and gaps, as a table. */
import type { PageEvent, Stretch } from '../page-format.js';
import { EVENT_COLORS } from './chart.js';
import { element, refill, section } from './dom.js';
import { clock, duration } from './format.js';
import type { PageRecording } from './recording.js';
import { fragmentWith } from './state.js';

const MOST_ROWS = 100;

const KIND_WORDS: Record<PageEvent['kind'] | 'gap', string> = {
  mark: 'mark',
  span: 'span',
  gc: 'garbage collection',
  exec: 'exec',
  exit: 'exit',
  oom: 'out of memory',
  arrive: 'arrival',
  resume: 'recording resumed',
  clock: 'clock set',
  gap: 'gap',
};

interface Row {
  readonly kind: PageEvent['kind'] | 'gap';
  readonly at: number;
  readonly to?: number | undefined;
  readonly text: string;
  readonly process?: number | undefined;
}

export class EventsView {
  readonly root: HTMLElement;
  readonly #legend = element('ul', { class: 'legend', 'aria-label': 'Kinds of events' });
  readonly #body = element('tbody');
  readonly #count = element('p', { class: 'count', role: 'status' });
  /** The kind that alone is listed. */
  #only: Row['kind'] | undefined;

  constructor(
    private recording: PageRecording,
    private readonly rangeNow: () => Stretch,
  ) {
    const headers = ['Time', 'What', 'Detail', 'Lasted'].map((title) =>
      element('th', { scope: 'col', class: 'text' }, title),
    );
    const table = element('table', {}, element('thead', {}, element('tr', {}, ...headers)), this.#body);
    const scroll = element(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Table of events' },
      table,
    );
    this.root = section('events', 'What happened', this.#legend, this.#count, scroll);
  }

  follow(recording: PageRecording): void {
    this.recording = recording;
  }

  draw(): void {
    const { head } = this.recording;
    const { from, to } = this.rangeNow();
    const gaps: Row[] = head.gaps.map((gap) => ({
      kind: 'gap',
      at: gap.from,
      to: gap.to,
      text:
        gap.reason === 'unrecorded'
          ? 'nobody recorded'
          : `${gap.ticks} ${gap.ticks === 1 ? 'tick' : 'ticks'} ${gap.reason}`,
    }));
    const rows = [...head.events, ...gaps]
      .filter((row) => (row.to ?? row.at) >= from && row.at <= to)
      .sort((a, b) => a.at - b.at);
    const kinds = new Map<Row['kind'], number>();
    for (const { kind } of rows) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    refill(
      this.#legend,
      ...[...kinds].sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b)).map((each) => this.#kindButton(...each)),
    );
    if (this.#only !== undefined && !kinds.has(this.#only)) this.#only = undefined;
    const listed = this.#only === undefined ? rows : rows.filter(({ kind }) => kind === this.#only);
    // Those that say most come first where there are too many.
    const shown =
      listed.length <= MOST_ROWS
        ? listed
        : [...listed]
            .sort((a, b) => rank(a) - rank(b))
            .slice(0, MOST_ROWS)
            .sort((a, b) => a.at - b.at);
    const more = head.moreEvents > 0 ? ` ${head.moreEvents} earlier ones are not in this page.` : '';
    this.#count.textContent =
      rows.length === 0
        ? `Nothing in this stretch.${more}`
        : `${rows.length} in this stretch, ${shown.length} shown.${more}`;
    refill(this.#body, ...shown.map((row) => this.#row(row)));
  }

  #kindButton(kind: Row['kind'], count: number): HTMLElement {
    const isOnly = this.#only === kind;
    const choose = () => {
      this.#only = isOnly ? undefined : kind;
      this.draw();
      this.#legend.querySelector<HTMLElement>(`[data-key="kind-${kind}"]`)?.focus();
    };
    const button = element(
      'button',
      {
        type: 'button',
        title: isOnly ? 'List all kinds' : 'List only these',
        'aria-pressed': String(isOnly),
        'data-key': `kind-${kind}`,
        onclick: choose,
      },
      swatch(kind),
      ` ${count} ${KIND_WORDS[kind]}`,
    );
    return element('li', {}, button);
  }

  #row({ kind, at, to, text, process }: Row): HTMLElement {
    const { startMs, durationMs, processes } = this.recording.head;
    const detail =
      process === undefined ? text : element('a', { href: fragmentWith({ process: processes.key[process] }) }, text);
    return element(
      'tr',
      {},
      element('td', { class: 'text mono whole' }, clock(startMs + at, durationMs)),
      element('td', { class: 'text whole' }, swatch(kind), ` ${KIND_WORDS[kind]}`),
      element('td', { class: 'text detail' }, detail),
      element('td', { class: 'text' }, to === undefined ? '' : duration(to - at)),
    );
  }
}

const ORDER: readonly Row['kind'][] = ['oom', 'gap', 'mark', 'span', 'resume', 'clock', 'gc', 'exit', 'exec', 'arrive'];

function rank({ kind }: Row): number {
  return ORDER.indexOf(kind);
}

function swatch(kind: Row['kind']): HTMLElement {
  const made = element('span', { class: 'swatch', 'aria-hidden': 'true' });
  made.style.background = `var(${EVENT_COLORS[kind]})`;
  return made;
}
