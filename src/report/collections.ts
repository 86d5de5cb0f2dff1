/**
 * Garbage collections that V8 told of itself, for the page: those of recordings with a ring of V8.
 *
 * The trap: a program that allocates fast has hundreds a second, most of which say little. So of the short ones between
 * two whole ones the latest are kept, and all whole ones as long as there is room.
 */
import { identityKey } from '../engine/identity.js';
import type { Recording } from '../recording/recording.js';
import type { V8Collection, V8Isolate } from '../recording/v8-parts.js';
import { escapeTerminal } from '../text/escape.js';
import { formatSize } from '../text/size.js';
import type { PageEvent } from './page-format.js';

const MOST_OF_EACH = 2000;
/** The kind that collects all of the heap. */
export const WHOLE_COLLECTION = 'mark-sweep-compact';

/** The collections by their begin, and how many are not listed. */
export function collectCollections(
  recording: Recording,
  msOf: (monotonicNs: bigint) => number,
  numberOf: (key: string) => number | undefined,
): { events: PageEvent[]; more: number } {
  const lists = { whole: [] as PageEvent[], other: [] as PageEvent[] };
  let more = 0;
  for (const { timeNs, event } of recording.v8()) {
    if (event.type !== 'v8Gc') continue;
    const at = msOf(timeNs);
    const process = numberOf(identityKey(event));
    const isWhole = event.kind === WHOLE_COLLECTION;
    const list = isWhole ? lists.whole : lists.other;
    const to = at + event.pauseNs / 1e6;
    const whose = process === undefined ? {} : { process };
    list.push({ kind: 'gc', at, to, text: textOf(event), ...whose, ...(isWhole ? { isLarge: true as const } : {}) });
    if (list.length >= 2 * MOST_OF_EACH) more += list.splice(0, MOST_OF_EACH).length;
  }
  for (const list of [lists.whole, lists.other]) more += list.splice(0, list.length - MOST_OF_EACH).length;
  return { events: [...lists.whole, ...lists.other], more };
}

function textOf({ kind, pid, thread, usedBefore, usedAfter }: V8Isolate & V8Collection): string {
  const where = `${pid}${thread === 0 ? '' : `, thread ${thread}`}`;
  const heap =
    usedBefore === undefined || usedAfter === undefined
      ? ''
      : `, heap ${formatSize(usedBefore)} to ${formatSize(usedAfter)}`;
  return `V8 (${where}): ${escapeTerminal(kind.slice(0, 50))}${heap}`;
}
