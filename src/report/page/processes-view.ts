/**
 * The processes, ranked and searched.
 *
 * The trap: there can be twenty thousand. Rows are made for those that are shown, and more are asked for.
 */
import type { ProcessColumns } from '../page-format.js';
import { element, refill, section } from './dom.js';
import { duration, size, sizeChange } from './format.js';
import type { PageRecording } from './recording.js';
import { change, fragmentWith, state } from './state.js';

const FIRST_ROWS = 25;
const MORE_ROWS = 100;
/** A read that is older than that, and than this share of the recording, is shown as old. */
const LEAST_OLD_MS = 5000;
const OLD_SHARE = 0.05;

interface Column {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly value: (columns: ProcessColumns, process: number) => number | string | null;
  readonly text: (columns: ProcessColumns, process: number) => string;
  readonly isText?: boolean;
  /** From a deep read, which may be old. */
  readonly isRead?: boolean;
}

const bytes = (id: 'peak' | 'rss' | 'pss' | 'uss' | 'swap' | 'churn', title: string, help: string): Column => ({
  id,
  title,
  help,
  value: (columns, process) => columns[id][process] ?? null,
  text: (columns, process) => size(columns[id][process]),
});

const COLUMNS: readonly Column[] = [
  {
    id: 'name',
    title: 'Process',
    help: 'name and pid',
    value: ({ name }, process) => name[process] ?? '',
    text: ({ name, pid }, process) => `${name[process]} (${pid[process]})`,
    isText: true,
  },
  bytes('peak', 'Peak RSS', 'most resident memory in any tick'),
  {
    id: 'growth',
    title: 'Growth',
    help: 'RSS at the end less RSS at the beginning',
    value: ({ growth }, process) => growth[process] ?? null,
    text: ({ growth }, process) => sizeChange(growth[process]),
  },
  bytes('rss', 'RSS', 'the last value'),
  { ...bytes('pss', 'PSS', 'the last read'), isRead: true },
  { ...bytes('uss', 'USS', 'the last read'), isRead: true },
  { ...bytes('swap', 'Swap', 'the last read'), isRead: true },
  bytes('churn', 'Churn', 'how much RSS rose and fell in all'),
  {
    id: 'cpu',
    title: 'CPU',
    help: 'CPU time while recorded',
    value: ({ cpu }, process) => cpu[process] ?? null,
    text: ({ cpu }, process) => (cpu[process] === null ? '–' : duration((cpu[process] ?? 0) / 1e6)),
  },
  {
    id: 'ended',
    title: 'End',
    help: 'how it ended, as far as that was seen',
    value: ({ ended }, process) => ended[process] ?? null,
    text: ({ ended }, process) => ended[process] ?? 'lives',
    isText: true,
  },
];

export class ProcessesView {
  readonly root: HTMLElement;
  readonly #search = element('input', { type: 'search', id: 'search', autocomplete: 'off', spellcheck: 'false' });
  readonly #body = element('tbody');
  readonly #headers: HTMLElement[];
  readonly #count = element('p', { class: 'count', role: 'status' });
  readonly #old = element('p', { class: 'note' });
  readonly #more = element('button', { type: 'button', class: 'more' }, `Show ${MORE_ROWS} more`);
  #rows = FIRST_ROWS;

  constructor(private recording: PageRecording) {
    this.#search.addEventListener('input', () => change({ search: this.#search.value }));
    this.#more.addEventListener('click', () => {
      this.#rows += MORE_ROWS;
      this.draw();
    });
    this.#headers = COLUMNS.map(({ id, title, help, isText }) =>
      element(
        'th',
        { scope: 'col', class: isText ? 'text' : 'number' },
        element('button', { type: 'button', title: help, onclick: () => change({ sort: id }) }, title),
      ),
    );
    const table = element('table', {}, element('thead', {}, element('tr', {}, ...this.#headers)), this.#body);
    this.root = section(
      'processes',
      'Processes',
      element(
        'p',
        { class: 'tools' },
        element('label', { for: 'search' }, 'Search by name, command or pid '),
        this.#search,
      ),
      this.#count,
      element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Table of processes' }, table),
      this.#old,
      this.#more,
    );
  }

  follow(recording: PageRecording): void {
    this.recording = recording;
  }

  draw(): void {
    const { search, sort, process: chosen } = state();
    const { processes, unlisted } = this.recording.head;
    if (this.#search.value !== search) this.#search.value = search;
    const column = COLUMNS.find(({ id }) => id === sort) ?? COLUMNS[1]!;
    COLUMNS.forEach(({ id, isText }, index) => {
      if (id === column.id) this.#headers[index]!.setAttribute('aria-sort', isText ? 'ascending' : 'descending');
      else this.#headers[index]!.removeAttribute('aria-sort');
    });
    const found = this.#found(search).sort(
      (a, b) => compare(column.value(processes, a), column.value(processes, b)) || a - b,
    );
    const shown = found.slice(0, this.#rows);
    refill(this.#body, ...shown.map((process) => this.#row(process, chosen)));
    this.#old.hidden = !shown.some((process) => this.#ageOf(process) > this.#oldMs);
    this.#old.textContent = `In italics: read more than ${duration(this.#oldMs)} before the last tick of the process.`;
    this.#more.hidden = shown.length === found.length;
    const also = unlisted > 0 ? ` ${unlisted} more lived briefly and are not listed.` : '';
    this.#count.textContent = `${found.length} of ${processes.pid.length} processes, ${shown.length} shown, sorted by ${column.title}.${also}`;
  }

  #found(search: string): number[] {
    const { pid, name, command, host } = this.recording.head.processes;
    const all = Array.from(pid.keys());
    const words = search
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    if (words.length === 0) return all;
    return all.filter((process) => {
      const text = `${name[process]} ${pid[process]} ${command[process] ?? ''} ${host[process] ?? ''}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  /** How old the last deep read was in the last tick of a process; 0 where there was none. */
  #ageOf(process: number): number {
    const { readAt, last } = this.recording.head.processes;
    const at = readAt[process] ?? null;
    return at === null ? 0 : last[process]! - at;
  }

  get #oldMs(): number {
    return Math.max(LEAST_OLD_MS, OLD_SHARE * this.recording.head.durationMs);
  }

  #row(process: number, chosen: string | undefined): HTMLElement {
    const { processes } = this.recording.head;
    const key = processes.key[process];
    const cells = COLUMNS.map((column) => {
      const text = column.text(processes, process);
      if (column.id !== 'name') {
        const isOld = column.isRead === true && this.#ageOf(process) > this.#oldMs;
        const kind = column.isText ? 'text' : 'number';
        return element(
          'td',
          isOld
            ? { class: `${kind} old`, title: `read ${duration(this.#ageOf(process))} before its last tick` }
            : { class: kind },
          text,
        );
      }
      const title = processes.command[process];
      const href = fragmentWith({ process: key, at: undefined, before: undefined });
      return element(
        'th',
        { scope: 'row' },
        element(
          'a',
          { href, title, 'data-key': key, 'aria-current': key === chosen ? 'true' : null },
          this.recording.nameOf(process),
        ),
      );
    });
    return element('tr', { class: key === chosen ? 'chosen' : null }, ...cells);
  }
}

/** Largest first, text by the alphabet; what was not measured comes last. */
function compare(a: number | string | null, b: number | string | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return typeof a === 'string' ? a.localeCompare(String(b)) : Number(b) - Number(a);
}
