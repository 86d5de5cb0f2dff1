/**
 * The end of a direct command: at once, when everything is written and whoever listens for `exit` was told. See
 * end-process.ts for why that is not left to Node.
 */
import { endingWay, endProcess } from '../engine/end-process.js';
import { guardStreams } from './standard-streams.js';

/** Ends the program with its exit code once everything is written. Returns where that is left to Node. */
export async function endAtOnce(): Promise<void> {
  const way = endingWay();
  // A signal would take the exit code along.
  if (way !== 'addon') return;
  if (streamsAreLoaded()) {
    guardStreams();
    for (const stream of [process.stdout, process.stderr]) await new Promise((written) => stream.write('', written));
  }
  const code = Number(process.exitCode ?? 0);
  process.emit('exit', code);
  // A listener may have changed it.
  endProcess(way, Number(process.exitCode ?? code));
}

/** Whether anybody can have written to the streams of `process`; looking at those would load them. */
function streamsAreLoaded(): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] };
  return moduleLoadList === undefined || moduleLoadList.includes('NativeModule stream');
}
