/** The verdict and the findings, each a link to its time, and the same as Markdown. */
import type { Finding, Head } from '../page-format.js';
import { element, section } from './dom.js';
import { clock, zone } from './format.js';
import type { PageRecording } from './recording.js';
import { fragmentWith } from './state.js';

const KIND_WORDS: Record<Finding['kind'], string> = {
  killed: 'Killed',
  grew: 'Grew',
  peak: 'Peak',
  churn: 'Churn',
  swap: 'Swap',
  unseen: 'Not seen',
  calm: 'Calm',
};

export function findingsView(recording: PageRecording): HTMLElement {
  const { head } = recording;
  const done = element('span', { role: 'status', class: 'done' });
  const copy = element(
    'button',
    { type: 'button', 'data-key': 'copy', onclick: () => void copyMarkdown(head, done) },
    'Copy as Markdown',
  );
  const items = head.findings.map((finding) =>
    element(
      'li',
      { class: `finding ${finding.kind}` },
      element('span', { class: 'kind' }, KIND_WORDS[finding.kind]),
      ' ',
      element(
        'a',
        { href: linkOf(recording, finding), 'data-finding': finding.kind, 'data-key': finding.text },
        finding.text,
      ),
      ' ',
      element('span', { class: 'when' }, stretchText(head, finding)),
    ),
  );
  return section(
    'findings',
    head.verdict,
    items.length > 0 ? element('ol', { class: 'findings' }, ...items) : element('p', {}, 'There is nothing to tell.'),
    element('p', {}, copy, ' ', done),
  );
}

function linkOf({ head }: PageRecording, { stretch, process, metric }: Finding): string {
  const isAll = stretch.from <= 0 && stretch.to >= head.durationMs;
  return fragmentWith({
    range: isAll || stretch.to <= stretch.from ? undefined : stretch,
    ...(process === undefined ? {} : { process: head.processes.key[process] }),
    ...(metric === undefined ? {} : { metric }),
  });
}

function stretchText({ startMs, durationMs }: Head, { stretch }: Finding): string {
  return `${clock(startMs + stretch.from, durationMs)} to ${clock(startMs + stretch.to, durationMs)}`;
}

/** The findings for a ticket or a chat; names in it are quoted so that they cannot become markup. */
export function markdownOf(head: Head): string {
  return [
    `## ${quoted(head.verdict)}`,
    '',
    ...head.findings.map(
      (finding) => `- **${KIND_WORDS[finding.kind]}**: ${quoted(finding.text)} (${stretchText(head, finding)})`,
    ),
    '',
    `${quoted(head.title)}, recorded from ${head.started}; times ${zone(head.startMs)}. Tidemark ${head.version}.`,
    '',
  ].join('\n');
}

function quoted(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|!~]/g, (sign) => `\\${sign}`);
}

async function copyMarkdown(head: Head, done: HTMLElement): Promise<void> {
  const text = markdownOf(head);
  try {
    await navigator.clipboard.writeText(text);
    done.textContent = 'Copied.';
  } catch {
    // Without the right to the clipboard the text is shown, selected.
    const area = element('textarea', { rows: 8, readonly: true, 'aria-label': 'The findings as Markdown' });
    area.value = text;
    done.replaceChildren('Copy it from here: ', area);
    area.select();
  }
}
