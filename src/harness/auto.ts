/**
 * `node --import tidemark/auto app.js`: records a program and all its descendants without changing it.
 *
 * The traps: processes that it starts with the same options would record themselves again, inside this recording; and a
 * program must run as it would without us, so whatever goes wrong here is said once and is no reason to end.
 *
 * TIDEMARK_FILE: the new file; default ./tidemark-HOST-PID-TIME.tide. TIDEMARK_HZ: ticks per second, default 10.
 */
import { hostname } from 'node:os';
import { startRecording } from './measuring-recorder.js';

const GUARD = 'TIDEMARK_AUTO_PID';
const { env, pid } = process;

if (env[GUARD] === undefined) {
  env[GUARD] = String(pid);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const file = env.TIDEMARK_FILE ?? `tidemark-${hostname()}-${pid}-${time}.tide`;
  const warn = (sentence: string) => process.stderr.write(`tidemark: ${sentence}\n`);
  try {
    await startRecording({
      target: 'self-tree',
      v8: true,
      mappings: 'peak',
      file,
      hz: env.TIDEMARK_HZ === undefined ? 10 : Number(env.TIDEMARK_HZ),
      onWarning: warn,
    });
  } catch (error) {
    warn(`nothing is recorded: ${(error as Error).message}`);
  }
}
