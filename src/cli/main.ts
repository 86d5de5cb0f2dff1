#!/usr/bin/env node
/**
 * The program `tidemark`: finds the bundle of the command that was asked for, and runs it. `--version` is answered here.
 *
 * The trap is time: a shell starts us for every `ps`, and an empty program takes Node some 50 ms already. So a command is
 * one file (see scripts/bundle-cli.js), V8 gets the code that it compiled at the build, and the streams of `process`, with
 * all that they load, are left alone where a plain write does. This file and the bundles are CommonJS, for the same reason.
 */
import { readFileSync, writeSync } from 'node:fs';
import { Script } from 'node:vm';
import { readVersion } from '../text/package.js';

/** Commands that have a bundle of their own; the build knows them from the table of commands. */
declare const COMMANDS_WITH_BUNDLE: readonly string[];
declare const require: NodeJS.Require;
declare const __dirname: string;

/** What a bundle exports. */
interface Bundle {
  dispatch(words: readonly string[]): Promise<void>;
}

const words = process.argv.slice(2);
if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) printVersion();
else void loadBundle(COMMANDS_WITH_BUNDLE.includes(words[0]) ? words[0] : 'program').dispatch(words);

function printVersion(): void {
  const line = `${readVersion()}\n`;
  try {
    writeSync(1, line);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Whoever closed the pipe does not want the version any more; a pipe that is full for the moment is waited for.
    if (code === 'EAGAIN') process.stdout.write(line);
    else if (code !== 'EPIPE') throw error;
  }
}

function loadBundle(name: string): Bundle {
  const filename = `${__dirname}/${name}.js`;
  const cachedData = readIfThere(`${__dirname}/${name}.cache`);
  // Code that another version of V8 compiled is refused by V8, and the source is compiled as usual.
  const script = new Script(readFileSync(filename, 'utf8'), { filename, ...(cachedData ? { cachedData } : {}) });
  const module = { exports: {} as Bundle };
  script.runInThisContext()(module.exports, require, module, filename, __dirname);
  return module.exports;
}

/** Without it everything works, a few milliseconds later. */
function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
