/**
 * The options by which `record` and `run` act upon what they see: `--on RULE --exec COMMAND`, in pairs.
 *
 * The trap: a rule without a command, or a command without a rule, is a mistake, and two of each belong together in their order.
 */
import { Option } from 'commander';
import { type ActionOption, actionCommand, MAX_ACTION_MS } from '../sampler/action-plan.js';
import type { Recorder } from '../sampler/recorder.js';
import { parseRule } from '../sampler/rules.js';
import { formatDuration, formatDurationShort, parseDuration } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { InputError } from '../text/input-error.js';
import { UsageError } from './command-error.js';
import { parsePositiveDuration } from './option-values.js';
import { valueOption } from './options.js';
import { readValue } from './read-value.js';

export interface ActionOptions {
  on: string[];
  exec: string[];
  execTimeout: bigint;
  execEvery: bigint;
}

const DEFAULT_NS = 60_000_000_000n;

export function actionOptions(): Option[] {
  return [
    listOption('--on <rule>', 'act when this becomes true of a process: rss>2GiB|growth>1MiB/s|limit>90%', parseRule),
    listOption(
      '--exec <command>',
      'and run this, with {pid} {comm} {metric} {value} {file} {time} replaced',
      checkCommand,
    ),
    valueOption('--exec-timeout <time>', 'end such a command after that long', (text) =>
      actionTime(text, parsePositiveDuration),
    ).default(DEFAULT_NS, '1m'),
    valueOption('--exec-every <time>', 'not again for the same process and rule for so long', (text) =>
      actionTime(text, parseDuration),
    ).default(DEFAULT_NS, '1m'),
  ];
}

/** The pairs as `startRecording` takes them. */
export function actionsOf({ on, exec, execTimeout, execEvery }: ActionOptions): { actions?: readonly ActionOption[] } {
  if (on.length !== exec.length) {
    throw new UsageError(
      `--on and --exec come in pairs, and there are ${on.length} of the one and ${exec.length} of the other`,
    );
  }
  if (on.length === 0) return {};
  const [timeoutMs, everyMs] = [Number(execTimeout) / 1e6, Number(execEvery) / 1e6];
  return { actions: on.map((rule, index) => ({ on: rule, exec: exec[index]!, timeoutMs, everyMs })) };
}

/** Behind the end of a recording: lets actions go on until their time is over, or until the signal. */
export async function awaitActions(
  recorder: Recorder,
  signal: AbortSignal,
  say: (sentence: string) => void,
): Promise<void> {
  const { runningActions } = recorder;
  if (runningActions.length === 0) return;
  const wasAborted = signal.aborted;
  for (const { what, leftMs } of runningActions) {
    say(`waiting for ${what}, at most ${formatDurationShort(leftMs * 1e6)}; Ctrl-C ends it`);
  }
  if (!wasAborted) signal.addEventListener('abort', () => void recorder.endActions(), { once: true });
  await recorder.actionsEnded();
}

function listOption(flags: string, description: string, check: (text: string) => unknown): Option {
  const option = new Option(flags, `${description}; may be repeated`);
  return option
    .argParser((text: string, before: string[] = []) => {
      readValue(option.long!, text, check);
      return [...before, text];
    })
    .default([], 'none');
}

/** The program must be there before anything begins. */
function checkCommand(text: string): void {
  try {
    actionCommand(text);
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`--exec: ${escapeTerminal(error.message)}`);
    throw error;
  }
}

function actionTime(text: string, parse: (text: string) => bigint): bigint {
  const ns = parse(text);
  const most = BigInt(MAX_ACTION_MS) * 1_000_000n;
  if (ns > most) throw new InputError(text, 'a time', `up to ${formatDuration(most)}`);
  return ns;
}
