/** What is looked at: kept in the fragment of the address, so that a view can be shared, gone back to and printed. */
import { PAGE_METRICS, type PageMetricName, type Stretch } from '../page-format.js';

export interface State {
  /** Undefined: all of it. */
  readonly range?: Stretch | undefined;
  readonly metric: PageMetricName;
  /** Key of the process that is looked at. */
  readonly process?: string | undefined;
  readonly search: string;
  readonly sort: string;
  /** The instants of the address space, milliseconds; `before` only where two are compared. */
  readonly at?: number | undefined;
  readonly before?: number | undefined;
  /** What classes are added up by. */
  readonly stack: string;
  /** What the address space is drawn to the scale of. */
  readonly scale: string;
  /** Of the spaces of a V8 heap: what is in use, or what is committed. */
  readonly heap: string;
}

export const INITIAL: State = { metric: 'rss', search: '', sort: 'peak', stack: 'pss', scale: 'size', heap: 'used' };

type Listener = (state: State, before: State) => void;

const listeners: Listener[] = [];
let current: State = parse(location.hash);

export function state(): State {
  return current;
}

export function onState(listener: Listener): void {
  listeners.push(listener);
}

/** Changes some of it; `push` makes a step that can be gone back. */
export function change(some: Partial<State>, push = false): void {
  const next = { ...current, ...some };
  const hash = fragment(next);
  if (hash !== (location.hash || '#')) {
    if (push) history.pushState(null, '', hash);
    else history.replaceState(null, '', hash);
  }
  set(next);
}

/** The fragment of a view that differs from the present one. */
export function fragmentWith(some: Partial<State>): string {
  return fragment({ ...current, ...some });
}

for (const event of ['hashchange', 'popstate']) window.addEventListener(event, () => set(parse(location.hash)));

function set(next: State): void {
  const before = current;
  current = next;
  if (fragment(before) === fragment(next)) return;
  for (const listener of listeners) listener(next, before);
}

function fragment(view: State): string {
  const parts = new URLSearchParams();
  if (view.range) parts.set('t', `${seconds(view.range.from)}-${seconds(view.range.to)}`);
  if (view.metric !== INITIAL.metric) parts.set('m', view.metric);
  if (view.process !== undefined) parts.set('p', view.process);
  if (view.search !== '') parts.set('q', view.search);
  if (view.sort !== INITIAL.sort) parts.set('s', view.sort);
  if (view.at !== undefined) parts.set('a', seconds(view.at));
  if (view.before !== undefined) parts.set('b', seconds(view.before));
  if (view.stack !== INITIAL.stack) parts.set('y', view.stack);
  if (view.scale !== INITIAL.scale) parts.set('z', view.scale);
  if (view.heap !== INITIAL.heap) parts.set('h', view.heap);
  return `#${parts}`;
}

function parse(hash: string): State {
  const parts = new URLSearchParams(hash.replace(/^#/, ''));
  const range = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)$/.exec(parts.get('t') ?? '');
  const [from, to] = [Number(range?.[1]) * 1000, Number(range?.[2]) * 1000];
  const metric = PAGE_METRICS.find(({ name }) => name === parts.get('m'))?.name ?? INITIAL.metric;
  const word = (name: string, allowed: readonly string[], initial: string) => {
    const value = parts.get(name);
    return value !== null && allowed.includes(value) ? value : initial;
  };
  return {
    range: from < to ? { from, to } : undefined,
    metric,
    process: parts.get('p') ?? undefined,
    search: parts.get('q') ?? '',
    sort: parts.get('s') ?? INITIAL.sort,
    at: milliseconds(parts.get('a')),
    before: milliseconds(parts.get('b')),
    stack: word('y', ['rss', 'pss', 'swap'], INITIAL.stack),
    scale: word('z', ['size', 'rss'], INITIAL.scale),
    heap: word('h', ['used', 'committed'], INITIAL.heap),
  };
}

function seconds(ms: number): string {
  return String(Math.round(ms) / 1000);
}

function milliseconds(text: string | null): number | undefined {
  return text !== null && /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : undefined;
}
