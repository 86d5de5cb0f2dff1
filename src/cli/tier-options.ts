/** The options of `record` and `run` that say what is read besides the counters of processes, and how often. */
import { MAX_DEEP_HZ } from '../sampler/option-checks.js';
import { InputError } from '../text/input-error.js';
import { parseHz, wordOr } from './option-values.js';
import { valueOption } from './options.js';

export function hostTierOption() {
  return valueOption(
    '--host <rate>',
    'the host itself (meminfo, vmstat, pressure): auto, off, or times per second',
    wordOr(['auto', 'off'], parseDeepHz),
  ).default('auto');
}

export function cgroupTierOption() {
  return valueOption(
    '--cgroups <rate>',
    'control groups (charge, limits, events): auto, off, or times per second',
    wordOr(['auto', 'off'], parseDeepHz),
  ).default('auto');
}

/** How often something is read that costs more than a tick. */
export function parseDeepHz(text: string): number {
  const hz = parseHz(text);
  if (hz <= MAX_DEEP_HZ) return hz;
  throw new InputError(text, 'a rate', `times per second, up to ${MAX_DEEP_HZ}, such as 2 or 0.1`);
}
