/** What was done on rules while a recording was made, for `tidemark info`. */
import type { ActionPart } from '../recording/action-part.js';
import type { Recording } from '../recording/recording.js';

interface RuleCounts {
  readonly rule: string;
  readonly command: string;
  fired: number;
  ended: number;
  /** Of those that ended: not with exit code 0. */
  failed: number;
  timedOut: number;
  /** Ended with the recording. */
  stopped: number;
  notStarted: number;
  tooSoon: number;
  tooMany: number;
}

/** By rule and command, in the order in which they fired first. */
export function actionInfoJson(recording: Recording): readonly RuleCounts[] {
  const found = new Map<string, RuleCounts>();
  for (const { event } of recording.events()) {
    if (event.type !== 'mark' || typeof event.action !== 'object') continue;
    count(event.action, found);
  }
  return [...found.values()];
}

function count(part: ActionPart, found: Map<string, RuleCounts>): void {
  const { rule, command = '', state } = part;
  const key = state === 'suppressed' ? keyOfRule(found, rule) : `${rule}\0${command}`;
  const none = { fired: 0, ended: 0, failed: 0, timedOut: 0, stopped: 0, notStarted: 0, tooSoon: 0, tooMany: 0 };
  const counts = found.get(key) ?? { rule, command, ...none };
  found.set(key, counts);
  if (state === 'fired') counts.fired++;
  else if (state === 'timed-out') counts.timedOut++;
  else if (state === 'stopped') counts.stopped++;
  else if (state === 'not-started') counts.notStarted++;
  else if (state === 'ended') {
    counts.ended++;
    if (part.exitCode !== 0) counts.failed++;
  } else {
    counts.tooSoon += part.tooSoon ?? 0;
    counts.tooMany += part.tooMany ?? 0;
  }
}

/** One rule may have two commands: what was not done is told of the first. */
function keyOfRule(found: ReadonlyMap<string, RuleCounts>, rule: string): string {
  return [...found].find(([, counts]) => counts.rule === rule)?.[0] ?? `${rule}\0`;
}

/** A line for each. */
export function actionInfoTexts(recording: Recording): string[] {
  return actionInfoJson(recording).map((counts) => {
    const { rule, command, fired, ended, failed, timedOut, stopped, notStarted, tooSoon, tooMany } = counts;
    const open = fired - ended - timedOut - stopped - notStarted;
    const parts = [
      failed > 0 ? `${failed} failed` : '',
      timedOut > 0 ? `${timedOut} timed out` : '',
      stopped > 0 ? `${stopped} ended with the recording` : '',
      notStarted > 0 ? `${notStarted} not started` : '',
      open > 0 ? `${open} still under way at the end` : '',
      tooSoon > 0 ? `${tooSoon} suppressed since it had just been acted upon` : '',
      tooMany > 0 ? `${tooMany} suppressed since too many were under way` : '',
    ].filter((part) => part !== '');
    return `${rule}: ${[`${command || 'nothing'}, ${fired} fired`, ...parts].join(', ')}`;
  });
}
