/**
 * The address space of a process at an instant, to scale: mappings in the order of their addresses on a ribbon that is
 * broken into rows, coloured by class; and what changed since another instant.
 *
 * The trap: an address space is nearly all holes, and reservations of a terabyte lie beside pages of 4 KiB. So holes are left
 * out, and what nobody can access (the class `guard`) is drawn as a tick with its size in the table.
 */
import { Permission } from '../../procfs/mapping-table.js';
import type { Head } from '../page-format.js';
import { classColor, className, classNotes } from './colors.js';
import { choice, element, refill, styleValue } from './dom.js';
import { clock, size, sizeChange } from './format.js';
import { type Difference, differenceOf, type Instant, type Space } from './space-data.js';
import { change, state } from './state.js';

const ROW_HEIGHT = 22;
const ROW_GAP = 6;
const ROWS = 8;
const MOST_LISTED = 40;
const GUARD = 'guard';

interface Cell {
  readonly row: number;
  readonly from: number;
  readonly width: number;
}

export class SpaceView {
  readonly root = element('div', { class: 'space' });
  readonly #canvas = element('canvas', { role: 'img' });
  readonly #pointed = element('p', { class: 'pointed' });
  readonly #at = element('input', { type: 'range', min: 0, step: 1, id: 'space-at' });
  readonly #before = element('input', { type: 'range', min: 0, step: 1, id: 'space-before' });
  readonly #compare = element('input', { type: 'checkbox', id: 'space-compare' });
  readonly #atText = element('output', { for: 'space-at' });
  readonly #beforeText = element('output', { for: 'space-before' });
  readonly #scale = choice(
    'To the scale of',
    [
      ['size', 'addresses'],
      ['rss', 'resident memory'],
    ],
    (scale) => change({ scale }),
  );
  readonly #beforeRow = element(
    'div',
    { class: 'instant' },
    element('label', { for: 'space-before' }, 'Compared with '),
    this.#before,
    ' ',
    this.#beforeText,
  );
  readonly #legend = element('ul', { class: 'legend', 'aria-label': 'Classes' });
  readonly #body = element('tbody');
  readonly #summary = element('p', { role: 'status' });
  readonly #changeHeader = element('th', { scope: 'col', class: 'number' }, 'Change');
  #space: Space | undefined;
  #head: Head | undefined;
  #cells: Cell[] = [];
  #isBuilt = false;

  constructor() {
    this.#at.addEventListener('input', () => change({ at: this.#space!.instants[this.#at.valueAsNumber]!.ms }));
    this.#before.addEventListener('input', () =>
      change({ before: this.#space!.instants[this.#before.valueAsNumber]!.ms }),
    );
    this.#compare.addEventListener('change', () =>
      change({ before: this.#compare.checked ? this.#space!.instants[0]!.ms : undefined }),
    );
    this.#canvas.addEventListener('pointermove', (event) => this.#point(event));
  }

  draw(space: Space | undefined, head: Head): void {
    this.#head = head;
    if (!space || space.instants.length === 0) {
      this.#space = undefined;
      this.#isBuilt = false;
      refill(
        this.root,
        element('h3', {}, 'Address space'),
        element(
          'p',
          {},
          'Its mappings were not recorded, or there was no room for them in this page; record with --mappings, and --pid for a few processes.',
        ),
      );
      return;
    }
    if (space !== this.#space) {
      this.#space = space;
      for (const input of [this.#at, this.#before]) {
        input.max = String(space.instants.length - 1);
        input.disabled = space.instants.length < 2;
      }
      if (!this.#isBuilt) this.#build();
    }
    this.#show();
  }

  redraw(): void {
    if (this.#space) this.#show();
  }

  #build(): void {
    this.#isBuilt = true;
    const headers = ['Addresses', 'Class', 'Size', 'RSS', 'PSS', 'Swap'].map((title, index) =>
      element('th', { scope: 'col', class: index < 2 ? 'text' : 'number' }, title),
    );
    const table = element(
      'table',
      {},
      element(
        'thead',
        {},
        element('tr', {}, ...headers, this.#changeHeader, element('th', { scope: 'col', class: 'text' }, 'Mapping')),
      ),
      this.#body,
    );
    refill(
      this.root,
      element('h3', {}, 'Address space'),
      element(
        'div',
        { class: 'tools' },
        element('div', { class: 'instant' }, element('label', { for: 'space-at' }, 'At '), this.#at, ' ', this.#atText),
        element('label', { class: 'choice', for: 'space-compare' }, this.#compare, ' Compare with another instant'),
        this.#beforeRow,
        this.#scale.root,
      ),
      this.#summary,
      this.#canvas,
      this.#pointed,
      this.#legend,
      element('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Table of mappings' }, table),
    );
  }

  #show(): void {
    const { instants } = this.#space!;
    const { at, before, scale } = state();
    const index = at === undefined ? instants.length - 1 : nearest(instants, at);
    const earlier = before === undefined ? undefined : nearest(instants, before);
    const now = instants[index]!;
    const then = earlier === undefined ? undefined : instants[earlier]!;
    const difference = then && differenceOf(then, now);
    this.#at.value = String(index);
    this.#atText.textContent = this.#time(now);
    this.#at.setAttribute('aria-valuetext', this.#time(now));
    this.#compare.checked = then !== undefined;
    this.#compare.disabled = instants.length < 2;
    this.#beforeRow.hidden = then === undefined;
    if (then) {
      this.#before.value = String(earlier);
      this.#beforeText.textContent = this.#time(then);
      this.#before.setAttribute('aria-valuetext', this.#time(then));
    }
    this.#scale.select.value = scale;
    const summary = this.#summarize(now, then, difference);
    this.#summary.textContent = summary;
    this.#canvas.setAttribute('aria-label', `Address space to scale. ${summary} The table below has the mappings.`);
    this.#paint(now, difference);
    this.#list(now, then, difference);
    this.#explain(now);
  }

  #time({ ms }: Instant): string {
    return clock(this.#head!.startMs + ms, this.#head!.durationMs);
  }

  #summarize(now: Instant, then: Instant | undefined, difference: Difference | undefined): string {
    const sum = (values: Float64Array) => values.reduce((total, value) => total + value, 0);
    const all = `${now.rows} mappings, ${size(sum(now.rss))} resident of ${size(sum(now.pages) * this.#head!.pageSize)} of addresses.`;
    if (!then || !difference) return all;
    const grown = difference.change.filter((value) => value > 0).length;
    return `${all} Since ${this.#time(then)}: RSS ${sizeChange(sum(now.rss) - sum(then.rss))}, ${grown} mappings grew, ${difference.gone.length} are gone.`;
  }

  /** Lays the mappings out one after the other and draws them. */
  #paint(now: Instant, difference: Difference | undefined): void {
    const width = Math.max(200, Math.floor(this.root.clientWidth));
    const height = ROWS * (ROW_HEIGHT + ROW_GAP);
    const ratio = devicePixelRatio || 1;
    this.#canvas.width = width * ratio;
    this.#canvas.height = height * ratio;
    this.#canvas.style.height = `${height}px`;
    const ctx = this.#canvas.getContext('2d')!;
    ctx.scale(ratio, ratio);
    const isByAddress = state().scale === 'size';
    const { pageSize } = this.#head!;
    const bytesOf = (row: number) => {
      if (className(now.classes[row]!) === GUARD) return 0;
      return isByAddress ? now.pages[row]! * pageSize : now.rss[row]! + now.swap[row]!;
    };
    let total = 0;
    for (let row = 0; row < now.rows; row++) total += bytesOf(row);
    const scale = (width * ROWS) / Math.max(1, total);
    this.#cells = [];
    let x = 0;
    for (let row = 0; row < now.rows; row++) {
      const cell = { row, from: x, width: bytesOf(row) * scale };
      this.#cells.push(cell);
      this.#fill(ctx, cell, width, now, difference, isByAddress);
      x += cell.width;
    }
  }

  #fill(
    ctx: CanvasRenderingContext2D,
    cell: Cell,
    width: number,
    now: Instant,
    difference: Difference | undefined,
    isByAddress: boolean,
  ): void {
    const { row } = cell;
    const mappingClass = now.classes[row]!;
    const resident = now.rss[row]! / Math.max(1, now.pages[row]! * this.#head!.pageSize);
    const moved = difference?.change[row] ?? 0;
    for (const [left, top, length] of piecesOf(cell, width)) {
      ctx.fillStyle = classColor(mappingClass, isByAddress ? 0.3 : 1);
      ctx.fillRect(left, top, Math.max(length, 0.6), ROW_HEIGHT);
      if (isByAddress) {
        // From the bottom up: which pages are resident is not known, only how many.
        ctx.fillStyle = classColor(mappingClass);
        const filled = ROW_HEIGHT * Math.min(1, resident);
        ctx.fillRect(left, top + ROW_HEIGHT - filled, Math.max(length, 0.6), filled);
      }
      if (moved !== 0) {
        ctx.fillStyle = styleValue(moved > 0 ? '--grew' : '--shrank');
        ctx.fillRect(left, moved > 0 ? top - 4 : top + ROW_HEIGHT + 1, Math.max(length, 1.5), 3);
      }
    }
  }

  #point(event: PointerEvent): void {
    const box = this.#canvas.getBoundingClientRect();
    const line = Math.floor((event.clientY - box.top) / (ROW_HEIGHT + ROW_GAP));
    const x = line * box.width + (event.clientX - box.left);
    const cell = this.#cells.findLast(({ from }) => from <= x);
    const instant = this.#space!.instants[this.#at.valueAsNumber]!;
    if (cell) this.#pointed.textContent = this.#describe(instant, cell.row);
  }

  #describe(now: Instant, row: number): string {
    const bytes = now.pages[row]! * this.#head!.pageSize;
    return `${this.#addresses(now, row)} ${permissions(now.perms[row]!)} ${className(now.classes[row]!)}, ${size(bytes)}, ${size(now.rss[row])} resident: ${this.#name(now, row)}`;
  }

  #addresses(now: Instant, row: number): string {
    const hex = (page: number) => (BigInt(page) * BigInt(this.#head!.pageSize)).toString(16);
    return `${hex(now.start[row]!)}-${hex(now.start[row]! + now.pages[row]!)}`;
  }

  #name(now: Instant, row: number): string {
    return this.#space!.names[now.names[row]!] || 'anonymous';
  }

  #list(now: Instant, then: Instant | undefined, difference: Difference | undefined): void {
    const rows = Array.from({ length: now.rows }, (_, row) => row);
    const weight = (row: number) => (difference ? Math.abs(difference.change[row]!) : now.rss[row]! + now.swap[row]!);
    rows.sort((a, b) => weight(b) - weight(a));
    this.#changeHeader.hidden = !difference;
    const cells = rows
      .slice(0, MOST_LISTED)
      .map((row) => this.#row(now, row, difference ? difference.change[row]! : undefined));
    const gone = (difference?.gone ?? [])
      .slice(0, MOST_LISTED)
      .map((row) => this.#row(then!, row, -then!.rss[row]!, true));
    refill(this.#body, ...gone, ...cells);
  }

  #row(now: Instant, row: number, moved: number | undefined, isGone = false): HTMLElement {
    const number = (text: string) => element('td', { class: 'number' }, text);
    const mappingClass = now.classes[row]!;
    return element(
      'tr',
      { class: isGone ? 'gone' : null },
      element('td', { class: 'text mono addresses' }, `${this.#addresses(now, row)} ${permissions(now.perms[row]!)}`),
      element('td', { class: 'text whole' }, swatch(mappingClass), ` ${className(mappingClass)}`),
      number(size(now.pages[row]! * this.#head!.pageSize)),
      number(size(now.rss[row])),
      number(size(now.pss[row])),
      number(size(now.swap[row])),
      moved === undefined ? null : number(isGone ? `${sizeChange(moved)}, gone` : sizeChange(moved)),
      element('td', { class: 'text mono mapping' }, this.#name(now, row)),
    );
  }

  #explain(now: Instant): void {
    const used = [...new Set(now.classes)].sort((a, b) => a - b);
    refill(
      this.#legend,
      ...used.map((each) => element('li', { title: classNotes(each) }, swatch(each), ` ${className(each)}`)),
    );
  }
}

/** Where a cell lies on the rows: left, top and width of each piece. */
function* piecesOf(
  { from, width: length }: Cell,
  width: number,
): Generator<[left: number, top: number, length: number]> {
  let at = from;
  let rest = length;
  do {
    const line = Math.min(ROWS - 1, Math.floor(at / width));
    const left = at - line * width;
    const piece = line === ROWS - 1 ? rest : Math.min(rest, width - left);
    yield [left, line * (ROW_HEIGHT + ROW_GAP) + 4, piece];
    at += piece;
    rest -= piece;
  } while (rest > 1e-6);
}

function swatch(mappingClass: number): HTMLElement {
  const made = element('span', { class: 'swatch', 'aria-hidden': 'true' });
  made.style.background = classColor(mappingClass);
  return made;
}

function nearest(instants: readonly Instant[], ms: number): number {
  let best = 0;
  instants.forEach((instant, index) => {
    if (Math.abs(instant.ms - ms) < Math.abs(instants[best]!.ms - ms)) best = index;
  });
  return best;
}

/** `rw-p`. */
function permissions(perms: number): string {
  const { read, write, execute, shared } = Permission;
  return `${perms & read ? 'r' : '-'}${perms & write ? 'w' : '-'}${perms & execute ? 'x' : '-'}${perms & shared ? 's' : 'p'}`;
}
