/**
 * The end of a direct command, without Node's own.
 *
 * The trap: at its end Node waits for the threads that compile what has become hot, and one of them may wait for a garbage
 * collection, which waits for the main thread: the program never ends (https://github.com/nodejs/node/issues/54918). Both
 * a natural end and `process.exit` wait. A command that computes for 50 ms and ends is where this happens: it was one `ps`
 * in sixty, over 2,000 processes. So the kernel is told to end us; whoever listens for `exit` is told before.
 */
import { nativeBinding } from '../engine/native-binding.js';
import { guardStreams } from './standard-streams.js';

/** What measures a program writes its result at Node's end. */
const MEASURED = /--\S*prof|--inspect/;

/** Ends the program with its exit code once everything is written. Returns where that is left to Node. */
export async function endAtOnce(): Promise<void> {
  const { env, execArgv } = process;
  if (env.NODE_V8_COVERAGE || MEASURED.test(`${env.NODE_OPTIONS} ${execArgv.join(' ')}`)) return;
  const binding = nativeBinding();
  if (binding.state !== 'loaded') return;
  if (streamsAreLoaded()) {
    guardStreams();
    for (const stream of [process.stdout, process.stderr]) await new Promise((written) => stream.write('', written));
  }
  const code = Number(process.exitCode ?? 0);
  process.emit('exit', code);
  // A listener may have changed it.
  binding.addon.endProcess(Number(process.exitCode ?? code) & 255);
}

/** Whether anybody can have written to the streams of `process`; looking at those would load them. */
function streamsAreLoaded(): boolean {
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] };
  return moduleLoadList === undefined || moduleLoadList.includes('NativeModule stream');
}
