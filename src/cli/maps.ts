/**
 * `tidemark maps PID`: the kernel's own text, chosen and sorted if asked, or as JSON.
 *
 * The trap: it is compared with `cat`, so what is not asked for is not touched, down to a missing newline at the end.
 */
import { parseMapsOrder, selectMapsLines } from '../views/maps-text.js';
import { UsageError } from './command-error.js';
import { type DirectCommand, parseDirectWords } from './direct-command.js';
import { DIRECT_OPTIONS, engineOf, hasSwitch, inputOf, procfsOf, singleValue } from './direct-options.js';
import { parsePid, parseRegExp } from './option-values.js';
import { writeRaw } from './raw-output.js';
import { readValue } from './read-value.js';
import type { RecordedText } from './recorded-instant.js';
import { AT_OPTION, atOf, isOfRecording } from './recorded-words.js';

export const command: DirectCommand = {
  usage: '[options] <pid>',
  options: {
    sort: { value: 'key', help: 'order of the lines: start, end, size, name, perms, inode; -size is descending' },
    grep: { value: 'regex', help: 'only lines that match this regular expression' },
    procfs: DIRECT_OPTIONS.procfs,
    in: { value: 'file', help: 'a recording, or captured text to read instead of a live process, - for stdin' },
    at: AT_OPTION,
    engine: DIRECT_OPTIONS.engine,
    json: DIRECT_OPTIONS.json,
  },
  run: printMaps,
};

async function printMaps(given: readonly string[]): Promise<void> {
  const words = parseDirectWords(command, given);
  const root = procfsOf(words);
  const engine = engineOf(words);
  const file = inputOf(words);
  const order = singleValue(words, 'sort', parseMapsOrder);
  const grep = singleValue(words, 'grep', parseRegExp);
  const isRecorded = isOfRecording(words);
  const pid = pidOf(words.positionals, isRecorded ? undefined : file);

  let text: Uint8Array;
  let recorded: RecordedText | undefined;
  if (isRecorded) {
    const { openInstant, recordedText, tellWhen } = await import('./recorded-instant.js');
    using instant = openInstant('maps', file!, atOf(words));
    recorded = recordedText(instant, pid!);
    text = recorded.maps();
    tellWhen('maps', recorded.when);
  } else if (pid === undefined) {
    const { readInput } = await import('./kernel-text.js');
    text = await readInput(file!);
  } else {
    const { readProcessBytes } = await import('./process-bytes.js');
    text = readProcessBytes(root, pid, 'maps');
  }
  const empty = text.length === 0;
  if (grep || order) text = selectMapsLines(text, grep, order);
  // The text itself needs no engine; one that was asked for and is not there is refused all the same.
  if (hasSwitch(words, 'json') || engine === 'native') {
    const { tokenizersOf } = await import('./kernel-text.js');
    const tokenizers = tokenizersOf(engine);
    if (hasSwitch(words, 'json')) {
      const { parseMaps } = await import('../procfs/mapping-objects.js');
      const { writeJson } = await import('./output.js');
      const { mappings, totals } = parseMaps(text, tokenizers);
      if (pid === undefined && !(grep || order)) {
        const [{ refuseNoMaps }, { inputName }] = [
          await import('./captured-maps.js'),
          await import('./kernel-text.js'),
        ];
        refuseNoMaps(inputName(file!), text, totals);
      }
      const times = recorded ? { timeNs: `${recorded.timeNs}`, mappingsTimeNs: `${recorded.readNs}` } : {};
      const problems = empty && pid !== undefined ? { status: 'no-mm' } : { status: 'ok' };
      await writeJson({ schema: 1, ...(pid === undefined ? {} : { pid }), ...times, ...problems, mappings, totals });
    }
  }
  if (!hasSwitch(words, 'json')) await writeRaw(text);
  if (!empty || pid === undefined) return;
  const { whyNoMemory } = await import('./process-bytes.js');
  const { warn } = await import('./output.js');
  warn('maps', `process ${pid} ${whyNoMemory(root, pid)}`);
}

/** The pid, or undefined when a captured text is read in its place. */
function pidOf(positionals: readonly string[], file: string | undefined): number | undefined {
  if (file !== undefined) return undefined;
  if (positionals.length !== 1) {
    throw new UsageError(`expected one pid, got ${positionals.length === 0 ? 'none' : positionals.length}`);
  }
  return readValue('PID', positionals[0], parsePid);
}
