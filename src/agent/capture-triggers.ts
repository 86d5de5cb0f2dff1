/**
 * What makes the agent keep the last minutes: a rule that becomes true of a process, an OOM kill, pressure on memory.
 *
 * The trap: a rule is looked at by the sampler at each tick, which tells it by a mark in the recording; so the recording itself
 * says why there is a capture, and nothing is looked at twice.
 */

import type { StampedEvent } from '../recording/recording.js';
import type { ActionOption } from '../sampler/action-plan.js';
import { parseRule } from '../sampler/rules.js';
import { InputError } from '../text/input-error.js';

export interface CaptureTriggers {
  /** As actions of a recording. */
  readonly rules: readonly string[];
  readonly oomKills: boolean;
  /** Percent of ten seconds in which a task waited for memory; undefined: not looked at. */
  readonly pressure: number | undefined;
}

/** The rule needs a command, and the mark is all that is wanted. */
const NOTHING = 'true';

/** `oom`, `pressure>10%`, or a rule. Throws `InputError`. */
export function parseTrigger(text: string): Partial<CaptureTriggers> {
  if (text === 'oom') return { oomKills: true };
  const pressure = /^pressure>(\d+(?:\.\d+)?)%$/.exec(text.replace(/\s+/g, ''));
  if (pressure) {
    const percent = Number(pressure[1]);
    if (percent < 100) return { pressure: percent };
    throw new InputError(text, 'a trigger', 'pressure below 100 %, such as pressure>10%');
  }
  return { rules: [parseRule(text).text] };
}

/** All of several. */
export function triggersOf(texts: readonly string[]): CaptureTriggers {
  const parsed = texts.map(parseTrigger);
  const pressures = parsed.flatMap(({ pressure }) => (pressure === undefined ? [] : [pressure]));
  return {
    rules: parsed.flatMap(({ rules = [] }) => rules),
    oomKills: parsed.some(({ oomKills }) => oomKills),
    pressure: pressures.length === 0 ? undefined : Math.min(...pressures),
  };
}

export function actionsOfTriggers({ rules }: CaptureTriggers, everyNs: bigint): ActionOption[] {
  return rules.map((on) => ({ on, exec: [NOTHING], everyMs: Number(everyNs / 1_000_000n) }));
}

/** Why a capture is to be made for an event of the recording: the rule and the process; undefined for other events. */
export function reasonIn({ rules }: CaptureTriggers, { event }: StampedEvent): string | undefined {
  if (event.type !== 'mark' || event.action?.state !== 'fired') return undefined;
  const { rule, command } = event.action;
  return command === NOTHING && rules.includes(rule) ? `${rule} ${event.pid ?? ''}` : undefined;
}
