/**
 * The end of a program of ours, without Node's own.
 *
 * The trap: at its end Node waits for the threads that compile what has become hot, and one of them may wait for a garbage
 * collection, which waits for the main thread: the program never ends (https://github.com/nodejs/node/issues/54918). Both
 * a natural end and `process.exit` wait. A program that computes for 50 ms and ends is where this happens: it was one `ps`
 * in sixty, over 2,000 processes, and one in five helpers that were stopped before their first frame. So the kernel is told
 * to end us.
 */
import { nativeBinding } from './native-binding.js';

/** What measures a program writes its result at Node's end. */
const MEASURED = /--\S*prof|--inspect/;

/** How the kernel is told; undefined where something measures this program, whose end is Node's then. */
export type EndingWay = 'addon' | 'signal' | undefined;

/** The way there is to end this program. */
export function endingWay(): EndingWay {
  const { env, execArgv } = process;
  if (env.NODE_V8_COVERAGE || MEASURED.test(`${env.NODE_OPTIONS} ${execArgv.join(' ')}`)) return undefined;
  return nativeBinding().state === 'loaded' ? 'addon' : 'signal';
}

/** Ends this program at once. What is not written yet is lost, and so is the exit code when the way is a signal. */
export function endProcess(way: NonNullable<EndingWay>, code: number): never {
  const binding = nativeBinding();
  if (way === 'addon' && binding.state === 'loaded') binding.addon.endProcess(code & 255);
  process.kill(process.pid, 'SIGKILL');
  throw new Error('Behind the end of the program');
}
