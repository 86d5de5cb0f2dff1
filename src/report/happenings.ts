/**
 * What happened in a recording, for the page: marks, spans, execs, exits, OOM kills, collections of V8, restarts of the
 * recorder, and clocks that were set.
 *
 * The trap: a fork storm has a million of them. So the rare kinds are all kept, and of the frequent ones the latest.
 */
import { identityKey } from '../engine/identity.js';
import type { Recording } from '../recording/recording.js';
import { formatDurationShort } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { exitText, signalName } from '../text/exit-text.js';
import { collectCollections } from './collections.js';
import type { PageEvent } from './page-format.js';

const MOST_FREQUENT = 4000;
const MOST_RARE = 4000;
/** Events of the begin come a little before the first tick; what is earlier belongs to ticks that are gone. */
const BEFORE_MS = 1000;
/** What the clock may differ by between two readings before that is told: it is slewed all the time. */
const CLOCK_SLACK_MS = 100;
const GC = /^gc\b|garbage/i;

export interface Happenings {
  readonly events: readonly PageEvent[];
  /** How many are not listed. */
  readonly more: number;
  /** By `identityKey`: how it ended. */
  readonly endings: ReadonlyMap<string, string>;
  /** Processes that the kernel chose to kill, by `identityKey`. */
  readonly oomKilled: ReadonlySet<string>;
}

export function collectHappenings(
  recording: Recording,
  msOf: (monotonicNs: bigint) => number,
  numberOf: (key: string) => number | undefined,
): Happenings {
  const rare: PageEvent[] = [];
  const frequent: PageEvent[] = [];
  const endings = new Map<string, string>();
  const oomKilled = new Set<string>();
  const spans = new Map<number, number>();
  let more = 0;
  let offsetMs: number | undefined;
  const add = (to: PageEvent[], event: PageEvent, key?: string) => {
    if (event.at < -BEFORE_MS && event.kind !== 'span' && event.kind !== 'gc') {
      more++;
      return;
    }
    const process = key === undefined ? undefined : numberOf(key);
    to.push(process === undefined ? event : { ...event, process });
  };
  for (const { timeNs, event } of recording.events()) {
    const at = clamped(msOf(timeNs));
    switch (event.type) {
      case 'mark':
        if (event.pid !== undefined && event.startTicks !== undefined && event.name === 'oom') {
          const key = identityKey({ pid: event.pid, startTicks: event.startTicks, source: event.source });
          oomKilled.add(key);
          add(rare, { kind: 'oom', at, text: `the kernel killed ${nameOf(event.comm)} (${event.pid})` }, key);
        } else
          add(rare, {
            kind: event.name === 'oom' ? 'oom' : GC.test(event.name) ? 'gc' : 'mark',
            at,
            text: nameOf(event.name),
          });
        break;
      case 'begin':
        spans.set(event.span, rare.length);
        add(rare, { kind: GC.test(event.name) ? 'gc' : 'span', at, text: nameOf(event.name) });
        break;
      case 'end': {
        const index = spans.get(event.span);
        if (index !== undefined) rare[index] = { ...rare[index]!, to: at };
        break;
      }
      case 'exec':
        add(
          frequent,
          {
            kind: 'exec',
            at,
            text: `${nameOf(event.comm)} (${event.pid}) runs ${nameOf(event.exe ?? 'another program')}`,
          },
          identityKey(event),
        );
        break;
      case 'exit': {
        const text = exitText(event.exitStatus);
        endings.set(identityKey(event), text);
        const isKilled = signalName(event.exitStatus) === 'SIGKILL';
        add(
          isKilled ? rare : frequent,
          { kind: 'exit', at, text: `${nameOf(event.comm)} (${event.pid}): ${text}` },
          identityKey(event),
        );
        break;
      }
      case 'depart': {
        const key = identityKey(event);
        if (endings.has(key)) break;
        endings.set(key, 'ended');
        add(frequent, { kind: 'exit', at, text: `process ${event.pid} ended` }, key);
        break;
      }
      case 'resume':
        add(rare, { kind: 'resume', at, text: `recording went on after a ${nameOf(event.reason)}` });
        break;
      case 'clock': {
        const offset = Number(BigInt(event.realNs) - timeNs) / 1e6;
        const moved = offset - (offsetMs ?? offset);
        if (Math.abs(moved) > CLOCK_SLACK_MS) {
          const by = formatDurationShort(Math.abs(moved) * 1e6);
          add(rare, { kind: 'clock', at, text: `the clock was set ${moved > 0 ? 'forward' : 'back'} by ${by}` });
        }
        offsetMs = offset;
        break;
      }
      default:
    }
    if (frequent.length >= 2 * MOST_FREQUENT) more += frequent.splice(0, MOST_FREQUENT).length;
  }
  more += frequent.splice(0, Math.max(0, frequent.length - MOST_FREQUENT)).length;
  more += rare.splice(MOST_RARE).length;
  const collected = collectCollections(recording, msOf, numberOf);
  more += collected.more;
  // A span that was over before the first tick is gone with its ticks.
  const shown = [...rare, ...frequent, ...collected.events].filter(({ at, to = at }) => Math.max(at, to) >= 0);
  more += rare.length + frequent.length + collected.events.length - shown.length;
  return { events: shown.sort((a, b) => a.at - b.at), more, endings, oomKilled };
}

/** What was a little before the first tick is shown at it. */
function clamped(ms: number): number {
  return ms < 0 && ms >= -BEFORE_MS ? 0 : ms;
}

function nameOf(text: string | undefined): string {
  return escapeTerminal((text ?? '').slice(0, 200));
}
