/**
 * Reads the processes of a list, in the order in which they are shown: one sweep over the files that its columns, its
 * order and its selection need, and no other file.
 *
 * The trap: sorting wants all values at once, while a row is a cursor. So the keys are kept, and the rows are read a
 * second time from the texts, not from the kernel.
 */
import { existsSync, readdirSync } from 'node:fs';
import type { EngineName } from '../engine/engine.js';
import { StatRows } from '../engine/stat-rows.js';
import { TextSweep } from '../engine/text-sweep.js';
import type { PsColumn, PsModes } from './ps-column.js';
import { PS_FILES, type PsFile, type PsHost, PsRow } from './ps-row.js';
import { filesOfSelection, isSelected, type PsAsker, type PsSelection, pidsOfSelection } from './ps-select.js';

export interface PsOrder {
  readonly name: string;
  readonly column: PsColumn;
  readonly descending: boolean;
}

export interface PsQuery {
  readonly selection: PsSelection;
  /** These, in this order, and nothing is selected: `-q`. */
  readonly quick: readonly number[] | undefined;
  readonly columns: readonly PsColumn[];
  /** The first counts most. */
  readonly order: readonly PsOrder[];
  readonly forest: 'lines' | 'blanks' | undefined;
  readonly modes: PsModes;
}

/** A process in a tree, and the prefix that draws its branch. */
export interface PlaceInTree {
  readonly pid: number;
  prefix: string;
}

/** A position in the list: the row of the sweep. */
interface Place extends PlaceInTree {
  readonly row: number;
}

export class PsList {
  readonly row: PsRow;
  readonly #query: PsQuery;
  readonly #host: PsHost;
  readonly #asker: PsAsker;
  readonly #sweep: TextSweep;
  readonly #stat: StatRows;

  constructor(engine: EngineName, host: PsHost, query: PsQuery, asker: PsAsker) {
    const files = filesOf(query);
    this.#host = host;
    this.#query = query;
    this.#asker = asker;
    this.#sweep = new TextSweep(
      engine,
      host.root,
      files.map((name) => ({ name, most: PS_FILES[name] })),
    );
    this.#stat = new StatRows(engine, this.#sweep, files.indexOf('stat'), files.length);
    this.row = new PsRow(host, this.#sweep, this.#stat, files, needsUsualStatus(query));
  }

  /** Calls `show` for each process of the list, `row` being on it; returns how many. Throws when the tree is closed. */
  each(show: (row: PsRow) => void): number {
    const { quick, order, forest, selection } = this.#query;
    const pids = quick ? Int32Array.from(quick) : this.#pids(pidsOfSelection(selection));
    this.#sweep.read(pids);
    this.#stat.swept(pids.length);
    const { row } = this;
    if (order.length === 0 && !forest) {
      let shown = 0;
      for (let index = 0; index < pids.length; index++) {
        if (!this.#isThere(index, pids[index])) continue;
        show(row);
        shown++;
      }
      return shown;
    }
    const places = this.#ordered(pids);
    for (const { row: index, pid, prefix } of places) {
      row.load(index, pid);
      row.forest = prefix;
      show(row);
    }
    return places.length;
  }

  #isThere(index: number, pid: number): boolean {
    const { row } = this;
    if (!row.load(index, pid)) return false;
    // Gone behind its stat; a captured tree may hold stat alone.
    if (!row.hasStatus && row.lengthOf('status') < 0 && !existsSync(`${this.#host.root}/${pid}`)) return false;
    return this.#query.quick !== undefined || isSelected(row, this.#query.selection, this.#asker);
  }

  #pids(wanted: ReadonlySet<number> | undefined): Int32Array {
    const pids: number[] = [];
    for (const name of readdirSync(this.#host.root)) {
      const first = name.charCodeAt(0);
      if (first < 49 || first > 57) continue;
      const pid = Number(name);
      if (pid < 2 ** 31 && String(pid) === name && (wanted === undefined || wanted.has(pid))) pids.push(pid);
    }
    // A captured tree lists its folders in any order, /proc by number.
    return Int32Array.from(pids).sort();
  }

  #ordered(pids: Int32Array): Place[] {
    const { order, forest, modes } = this.#query;
    const { row } = this;
    const keys = order.map((): (number | string | undefined)[] => []);
    const parents = new Map<Place, readonly [parent: number, start: number]>();
    const places: Place[] = [];
    for (let index = 0; index < pids.length; index++) {
      if (!this.#isThere(index, pids[index])) continue;
      const place = { row: index, pid: pids[index], prefix: '' };
      places.push(place);
      for (const [at, { column }] of order.entries()) keys[at][index] = (column.order ?? column.value)(row, modes);
      if (forest) parents.set(place, [row.parent, row.number('starttime')]);
    }
    places.sort((a, b) => {
      for (const [at, { descending }] of order.entries()) {
        const difference = compare(keys[at][a.row], keys[at][b.row], descending);
        if (difference !== 0) return difference;
      }
      if (!forest || order.length > 0) return 0;
      const [left, right] = [parents.get(a)!, parents.get(b)!];
      return left[0] - right[0] || left[1] - right[1];
    });
    return forest ? inTrees(places, (place) => parents.get(place)![0], forest) : places;
  }
}

/** Without a value last in either order: what is not known is neither small nor large. */
export function compare(a: number | string | undefined, b: number | string | undefined, descending: boolean): number {
  if (a === b) return 0;
  const [noA, noB] = [a === undefined || Number.isNaN(a), b === undefined || Number.isNaN(b)];
  if (noA || noB) return Number(noA) - Number(noB);
  return a! < b! === descending ? 1 : -1;
}

/** Children behind their parents, each with the prefix that draws its branch. */
export function inTrees<P extends PlaceInTree>(
  places: readonly P[],
  parentOf: (place: P) => number,
  forest: 'lines' | 'blanks',
): P[] {
  const pids = new Set(places.map(({ pid }) => pid));
  const children = new Map<number, P[]>();
  for (const place of places) {
    const siblings = children.get(parentOf(place));
    if (siblings) siblings.push(place);
    else children.set(parentOf(place), [place]);
  }
  const out: P[] = [];
  const seen = new Set<P>();
  const [fork, gap, bar] = forest === 'lines' ? [' \\_ ', '    ', ' |  '] : ['  ', '  ', '  '];
  const show = (place: P, above: string, own: string) => {
    // A tree that was captured while it changed can have a circle.
    if (seen.has(place)) return;
    seen.add(place);
    place.prefix = own;
    out.push(place);
    const below = children.get(place.pid) ?? [];
    // Children of init stand beside it, unless the tree is drawn with blanks.
    const isInit = place.pid === 1 && forest === 'lines';
    for (const [index, child] of below.entries()) {
      if (isInit) show(child, above, own);
      else show(child, above + (index + 1 < below.length ? bar : gap), above + fork);
    }
  };
  // procps looks for roots from the end of its list.
  for (const place of [...places].reverse()) if (!pids.has(parentOf(place))) show(place, '', '');
  for (const place of places) show(place, '', '');
  return out;
}

/** `stat` is always read: it tells that the process is there. */
function filesOf({ columns, order, selection, modes }: PsQuery): PsFile[] {
  const wanted = new Set<PsFile>(['stat', ...filesOfSelection(selection)]);
  for (const { files, place } of [...columns, ...order.map(({ column }) => column)]) {
    for (const file of files) wanted.add(file);
    if (place === 'unlimited' && modes.environment) wanted.add('environ');
    if (place === 'unlimited' && modes.full) wanted.add('cmdline');
  }
  return (Object.keys(PS_FILES) as PsFile[]).filter((file) => wanted.has(file));
}

/** Whether the lines of `status` up to resident memory are enough. */
function needsUsualStatus({ columns, order }: PsQuery): boolean {
  return [...columns, ...order.map(({ column }) => column)].every((column) => !column.needsAllOfStatus);
}
