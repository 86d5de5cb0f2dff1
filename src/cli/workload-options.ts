/** The options of `run` and `bench` that say how a command is sampled: more often and at a higher cost than a host. */
import { parseBudget } from './budget-option.js';
import { parseMaxHold } from './hold-options.js';
import { parseHz } from './option-values.js';
import { valueOption } from './options.js';

export function rateOption() {
  return valueOption('--hz <rate>', 'ticks per second', parseHz).default(100);
}

export function budgetOption() {
  return valueOption('--budget <share>', 'CPU time that recording may take, of one core', parseBudget).default(
    0.05,
    '5%',
  );
}

export function maxHoldOption() {
  return valueOption(
    '--max-hold <time>',
    'hold no process for longer: larger ones are read in pieces',
    parseMaxHold,
  ).default(5_000_000n, '5ms');
}
