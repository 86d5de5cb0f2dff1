/** The page: reads the recording, puts the sections together, and draws what the state says. */
import 'uplot/dist/uPlot.min.css';
import './colors.css';
import './page.css';
import './print.css';
import { blocksInPage } from './blocks.js';
import { element, refill, section } from './dom.js';
import { EventsView } from './events-view.js';
import { findingsView } from './findings-view.js';
import { followServer } from './follow.js';
import { ProcessView } from './process-view.js';
import { ProcessesView } from './processes-view.js';
import { PageRecording } from './recording.js';
import { onState } from './state.js';
import { TimelineView } from './timeline-view.js';

async function main(): Promise<void> {
  const root = document.getElementById('page')!;
  const recording = await PageRecording.read(blocksInPage);
  document.title = `${recording.head.title} – Tidemark`;
  const timeline = new TimelineView(recording);
  const processes = new ProcessesView(recording);
  const rangeNow = () => timeline.range;
  const process = new ProcessView(recording, rangeNow);
  const events = new EventsView(recording, rangeNow);
  const findings = element('div', {}, findingsView(recording));
  const notes = element('div', { class: 'notes' }, ...notesOf(recording));
  const status = element('p', { class: 'live', role: 'status' });
  const page = element('main', {}, findings, timeline.root, processes.root, process.root, events.root, notes);
  const footer = element('footer', {}, `Tidemark ${recording.head.version}`);
  root.replaceWith(headerOf(recording, status), page, footer);
  const draw = async (): Promise<void> => {
    timeline.draw();
    processes.draw();
    events.draw();
    await process.draw();
  };
  const redraw = (): void => {
    timeline.redraw();
    process.redraw();
  };
  onState((next, before) => {
    const isMoved = next.range !== before.range || next.metric !== before.metric;
    if (isMoved) timeline.draw();
    if (isMoved) events.draw();
    if (next.search !== before.search || next.sort !== before.sort || next.process !== before.process) processes.draw();
    if (next.search !== before.search || next.sort !== before.sort) return;
    void process.draw();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => void draw());
  // Ink on paper: a dark page is printed light.
  window.addEventListener('beforeprint', () => {
    document.documentElement.dataset.theme = 'light';
    void draw();
    redraw();
  });
  window.addEventListener('afterprint', () => {
    delete document.documentElement.dataset.theme;
    void draw();
  });
  new ResizeObserver(redraw).observe(page);
  await draw();
  document.documentElement.dataset.ready = 'true';
  performance.mark('drawn');
  if (!recording.head.isLive) return;
  followServer(status, async (blocks) => {
    const newer = await PageRecording.read(blocks);
    const focused = document.activeElement?.getAttribute('data-key');
    for (const view of [timeline, processes, process, events]) view.follow(newer);
    refill(findings, findingsView(newer));
    refill(notes, ...notesOf(newer));
    await draw();
    // What was made anew has lost the focus to nobody.
    if (focused !== null && focused !== undefined && document.activeElement === document.body) {
      page.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    }
  });
}

function headerOf({ head }: PageRecording, status: HTMLElement): HTMLElement {
  return element(
    'header',
    {},
    element('h1', {}, head.title),
    element('p', {}, `Recorded from ${head.started}`),
    facts(head.facts),
    head.isLive ? status : null,
  );
}

function notesOf({ head }: PageRecording): HTMLElement[] {
  const unseen = element('ul', {}, ...head.unseen.map((sentence) => element('li', {}, sentence)));
  return [
    section('cost', 'What recording cost', facts(head.cost)),
    section('unseen', 'What this recording could not see', unseen),
  ];
}

function facts(list: readonly (readonly [label: string, text: string])[]): HTMLElement {
  return element(
    'dl',
    { class: 'facts' },
    ...list.map(([label, text]) => element('div', {}, element('dt', {}, label), element('dd', {}, text))),
  );
}

main().catch((error: unknown) => {
  const root = document.getElementById('page') ?? document.body;
  root.replaceChildren(
    element(
      'p',
      { role: 'alert' },
      `This page cannot be drawn: ${error instanceof Error ? error.message : String(error)}`,
    ),
  );
  throw error;
});
