/**
 * `measure(url)` in the fresh process: imports the module and calls the function that it exports.
 *
 * Arguments: the file of the module, the name of the export, calls, calls before them.
 */
import { pathToFileURL } from 'node:url';
import { runFreshTask } from './fresh-task.js';
import { repeat } from './repeat.js';

const [file, name, iterations, warmup] = process.argv.slice(2) as [string, string, string, string];

await runFreshTask(async (stamper) => {
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const fn = module[name];
  if (typeof fn !== 'function')
    throw new TypeError(`the module exports no function "${name}", but ${Object.keys(module).join(', ')}`);
  await repeat(fn as () => unknown, Number(warmup));
  stamper.begin(name);
  await repeat(fn as () => unknown, Number(iterations));
  return stamper.end(Number(iterations));
});
