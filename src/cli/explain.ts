/**
 * `tidemark explain METRIC`: what a number is, how exact it is, what reading it takes, and what other programs call it.
 *
 * The trap: the words are a name of another program as often as one of ours, and names hold spaces ("docker stats").
 */

import { type Found, findByName, metricsBehind, namesLike } from '../schema/explain.js';
import { ALL_METRICS } from '../schema.js';
import { escapeTerminal } from '../text/escape.js';
import {
  explanationJson,
  explanationLines,
  foreignJson,
  foreignLines,
  metricListLines,
} from '../views/explain-text.js';
import { UsageError } from './command-error.js';
import { type DirectCommand, parseDirectWords } from './direct-command.js';
import { DIRECT_OPTIONS, hasSwitch } from './direct-options.js';
import { writeJson, writeLines } from './output.js';
import { isTerminal } from './standard-streams.js';

export const command: DirectCommand = {
  usage: '[options] [name...]',
  options: { json: DIRECT_OPTIONS.json },
  notes: [
    'A name is one of ours (pss), of the kernel (VmHWM), of an export, or of another program, with or without it:',
    'RES, "top SHR", pmap.Dirty, "docker stats", container_memory_rss, process.memoryUsage().rss. Without a name: all of ours.',
  ],
  run: printExplanation,
};

/** Wider lines are hard to read. */
const WIDEST = 100;

async function printExplanation(given: readonly string[]): Promise<void> {
  const words = parseDirectWords(command, given);
  const width = isTerminal() ? process.stdout.columns : undefined;
  const asJson = hasSwitch(words, 'json');
  if (words.positionals.length === 0) {
    if (asJson) return await writeJson({ schema: 1, metrics: ALL_METRICS.map(explanationJson), foreign: [] });
    return await writeLines(metricListLines(ALL_METRICS, width));
  }
  const { metrics, foreign } = foundBy(words.positionals);
  if (asJson) {
    return await writeJson({ schema: 1, metrics: metrics.map(explanationJson), foreign: foreign.map(foreignJson) });
  }
  const lineWidth = Math.min(width ?? 80, WIDEST);
  const behind = [...new Set(foreign.flatMap(metricsBehind))];
  // Of one name, the metrics behind it in full; of a whole program, only how to ask on.
  const isOne = foreign.length > 0 && behind.length <= 3;
  const shown = isOne ? behind : metrics;
  await writeLines([
    ...foreignLines(foreign, lineWidth).map((line) => line.slice(2)),
    ...(foreign.length > 0 && !isOne ? ['', 'tidemark explain with one of these names tells more.'] : []),
    ...shown.flatMap((metric, index) => [
      ...(index > 0 || foreign.length > 0 ? [''] : []),
      ...explanationLines(metric, lineWidth),
    ]),
  ]);
}

/** All words as one name, else each as a name of its own. */
function foundBy(names: readonly string[]): Found {
  const together = findByName(names.join(' '));
  if (together.metrics.length > 0 || together.foreign.length > 0) return together;
  const each = names.map((name) => {
    const found = findByName(name);
    if (found.metrics.length === 0 && found.foreign.length === 0)
      throw unknownName(names.length > 1 ? name : names[0]!);
    return found;
  });
  return {
    metrics: [...new Set(each.flatMap(({ metrics }) => metrics))],
    foreign: [...new Set(each.flatMap(({ foreign }) => foreign))],
  };
}

function unknownName(name: string): UsageError {
  const like = namesLike(name);
  const hint = like.length > 0 ? `; did you mean ${like.join(', ')}?` : '';
  return new UsageError(
    `nothing is known by the name "${escapeTerminal(name)}"${hint}${hint ? '' : ';'} tidemark explain lists all metrics`,
  );
}
