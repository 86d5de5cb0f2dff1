/**
 * `pmap --in F PID.. --at T`: the mappings of processes as they were recorded, in the forms that it has for the living.
 *
 * The trap: a read in pieces measures fewer fields than one of smaps, and a form prints 0 for what its text lacks; so what
 * is missing is named.
 */
import { ByteWriter } from '../text/byte-writer.js';
import { isUtf8Locale } from '../text/locale.js';
import { processTitle } from '../views/process-title.js';
import { CommandError } from './command-error.js';
import type { DirectWords } from './direct-command.js';
import { hasSwitch, inputOf } from './direct-options.js';
import { ExitCode } from './exit-codes.js';
import { warn, writeJson } from './output.js';
import { capturedProcess } from './pmap-captured.js';
import type { FormWriter } from './pmap-form.js';
import type { PmapJsonRequest } from './pmap-json.js';
import { PmapExit, sourceOf } from './pmap-source.js';
import { writeRaw } from './raw-output.js';
import { cmdlineOf, openInstant, type RecordedText, recordedText } from './recorded-instant.js';
import { atOf } from './recorded-words.js';

/** What the forms of procps need of `smaps`. */
const NEEDED = ['Rss', 'Shared_Dirty', 'Private_Dirty', 'Swap'];

/** Prints the processes; returns the exit code. */
export async function printRecorded(
  words: DirectWords,
  pids: readonly number[],
  request: Pick<PmapJsonRequest, 'form' | 'range' | 'engine'>,
  write: FormWriter,
): Promise<number> {
  using instant = openInstant('pmap', inputOf(words)!, atOf(words));
  const source = sourceOf(request.form);
  const out = new ByteWriter();
  const processes: object[] = [];
  let exitCode = 0;
  for (const pid of pids) {
    let recorded: RecordedText;
    try {
      recorded = recordedText(instant, pid);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      exitCode |= error.exitCode === ExitCode.notFound ? PmapExit.missing : PmapExit.denied;
      warn('pmap', error.message);
      processes.push({ pid, status: error.exitCode === ExitCode.notFound ? 'gone' : 'lost', reason: error.message });
      continue;
    }
    warn('pmap', recorded.when);
    const text = source === 'maps' ? recorded.maps() : recorded.smaps();
    const title = processTitle(cmdlineOf(recorded.program), recorded.comm, false, isUtf8Locale());
    if (hasSwitch(words, 'json')) {
      const { mappingsOf } = await import('./pmap-json.js');
      const { tokenizersOf } = await import('./kernel-text.js');
      const { startTicks, timeNs, readNs } = recorded;
      const times = { timeNs: `${timeNs}`, mappingsTimeNs: `${readNs}` };
      const mappings = mappingsOf(text, source, tokenizersOf(request.engine), request.range);
      processes.push({
        pid,
        startTicks,
        title: Buffer.from(title).toString('utf8'),
        ...times,
        status: 'ok',
        ...mappings,
      });
      continue;
    }
    out.decimal(pid);
    out.ascii(':   ');
    out.span(title, 0, title.length);
    out.newline();
    tellMissing(text, source);
    write(out, [text], capturedProcess(text));
  }
  if (hasSwitch(words, 'json')) await writeJson({ schema: 1, source, processes });
  else await writeRaw(out.written());
  return exitCode;
}

function tellMissing(text: Uint8Array, source: 'maps' | 'smaps'): void {
  if (source === 'maps') return;
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  const missing = NEEDED.filter((key) => !bytes.includes(`\n${key}:`));
  if (missing.length === 0) return;
  warn('pmap', `not measured by this read, which was in pieces, and shown as 0: ${missing.join(', ')}`);
}
