/**
 * `tidemark pmap PID...`: what procps prints, from one read of `maps` or `smaps` per process.
 *
 * The traps: the header line of a process comes before anybody knows whether its maps can be read, so it stands alone
 * when they cannot; and the exit code is a sum of bits, 1 for a process that was denied and 42 for one that is missing.
 */
import { whyUnread } from '../engine/why-unread.js';
import { ByteWriter } from '../text/byte-writer.js';
import { escapeTerminal } from '../text/escape.js';
import { isUtf8Locale } from '../text/locale.js';
import { reasonOf } from './command-error.js';
import type { DirectCommand } from './direct-command.js';
import { DIRECT_OPTIONS, engineOf, hasSwitch, inputOf, procfsOf } from './direct-options.js';
import { warn } from './output.js';
import { type FormWriter, formWriter } from './pmap-form.js';
import { aboutProcess, mappingPieces, PmapExit, sourceOf } from './pmap-source.js';
import { formOf, type PmapForm, parsePmapWords, pidsOf, rangeOf } from './pmap-words.js';
import { writeRaw } from './raw-output.js';
import { AT_OPTION, isOfRecording } from './recorded-words.js';

export const command: DirectCommand = {
  usage: '[options] <pid...>',
  options: {
    extended: { short: 'x', help: 'RSS and dirty of every mapping' },
    X: { short: 'X', help: 'what matters of smaps; -XX is all of it' },
    device: { short: 'd', help: 'offset and device of every mapping' },
    quiet: { short: 'q', help: 'no header and no sums' },
    'show-path': { short: 'p', help: 'whole paths' },
    range: { short: 'A', value: 'low,high', help: 'only mappings that touch these addresses, in hexadecimal' },
    'read-rc': { short: 'c', help: 'the columns that ~/.pmaprc names' },
    'read-rc-from': { short: 'C', value: 'file', help: 'the columns that this file names' },
    'create-rc': { short: 'n', help: 'refused' },
    'create-rc-to': { short: 'N', value: 'file', help: 'refused' },
    r: { short: 'r', help: 'ignored' },
    procfs: DIRECT_OPTIONS.procfs,
    in: { value: 'file', help: 'a recording, or captured text to read instead of a live process, - for stdin' },
    at: AT_OPTION,
    engine: DIRECT_OPTIONS.engine,
    json: DIRECT_OPTIONS.json,
  },
  notes: [
    'The exit code is that of procps: 1 when a process was denied or the command line could not be read, 42 when a',
    'process is missing, 43 for both.',
  ],
  run: printMaps,
};

/** Bytes that are gathered before they are written. */
const GATHERED = 64 * 1024;

async function printMaps(given: readonly string[]): Promise<void> {
  const words = parsePmapWords(command, given);
  const form = formOf(words);
  const range = rangeOf(words);
  const file = inputOf(words);
  const root = procfsOf(words);
  const engine = engineOf(words);
  const isRecorded = isOfRecording(words);
  const pids = file === undefined || isRecorded ? pidsOf(words.positionals) : [];
  if (hasSwitch(words, 'r')) complain('-r is ignored');
  // The forms copy what the kernel wrote and need no engine; one that was asked for and is not there is refused.
  if (engine === 'native') (await import('./kernel-text.js')).tokenizersOf(engine);
  if (isRecorded) {
    const { printRecorded } = await import('./pmap-recorded.js');
    const writeForm = await formWriter(form, words, range);
    process.exitCode = await printRecorded(words, pids, { form, range, engine }, writeForm);
    return;
  }
  if (hasSwitch(words, 'json')) {
    const { writePmapJson } = await import('./pmap-json.js');
    process.exitCode = await writePmapJson({ form, range, root, file, engine, pids });
    return;
  }
  const out = new ByteWriter();
  const write = await formWriter(form, words, range);
  if (file !== undefined) await printCaptured(out, write, form, file);
  else await printProcesses(out, write, form, root, pids);
  await writeRaw(out.written());
}

async function printProcesses(
  out: ByteWriter,
  write: FormWriter,
  form: PmapForm,
  root: string,
  pids: readonly number[],
): Promise<void> {
  let exitCode = 0;
  const utf8 = isUtf8Locale();
  for (const pid of pids) {
    const about = aboutProcess(root, pid, utf8);
    if (about === undefined) {
      const why = whyUnread(root, pid);
      exitCode |= why === undefined ? PmapExit.missing : PmapExit.denied;
      if (why !== undefined) complain(escapeTerminal(why));
      else complain(`there is no process ${pid}${root === '/proc' ? '' : ` in "${escapeTerminal(root)}"`}`);
      continue;
    }
    out.decimal(about.tgid);
    out.ascii(':   ');
    out.span(about.title, 0, about.title.length);
    out.newline();
    const file = sourceOf(form);
    const pieces = mappingPieces(`${root}/${about.tgid}/${file}`);
    if (pieces instanceof Error) {
      exitCode |= PmapExit.denied;
      complain(`the ${file} of process ${pid}: ${reasonOf(pieces)}`);
      continue;
    }
    try {
      write(out, pieces, about);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code !== 'smaps-form' && typeof code === 'string') {
        exitCode |= PmapExit.denied;
        complain(`the ${file} of process ${pid}: ${reasonOf(error)}`);
        continue;
      }
      if (code !== 'smaps-form') throw error;
      // procps gives up altogether.
      exitCode = PmapExit.denied;
      complain(`the ${file} of process ${pid}: ${escapeTerminal((error as Error).message)}`);
      break;
    }
    if (out.length < GATHERED) continue;
    await writeRaw(out.written().slice());
    out.clear();
  }
  process.exitCode = exitCode;
}

async function printCaptured(out: ByteWriter, write: FormWriter, form: PmapForm, file: string): Promise<void> {
  const { inputName, readInput, tokenizersOf } = await import('./kernel-text.js');
  const { refuseOtherLines } = await import('./captured-maps.js');
  const { capturedProcess, refuseOtherForm } = await import('./pmap-captured.js');
  const text = await readInput(file);
  refuseOtherForm(text, sourceOf(form), inputName(file));
  refuseOtherLines(inputName(file), text, tokenizersOf('auto'));
  out.ascii('-:   ');
  const title = Buffer.from(file === '-' ? 'stdin' : escapeTerminal(file));
  out.span(title, 0, title.length);
  out.newline();
  write(out, [text], capturedProcess(text));
}

function complain(sentence: string): void {
  warn('pmap', sentence);
}
