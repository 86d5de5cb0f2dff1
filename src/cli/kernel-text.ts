/** Kernel text that a command is given, as a file or on stdin, and the tokenizers of the engine that was asked for. */
import { fstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { chooseEngine, type EngineChoice } from '../engine/choose.js';
import { nativeBinding } from '../engine/native-binding.js';
import { type Tokenizers, typescriptTokenizers } from '../procfs/tokenizers.js';
import { escapeTerminal } from '../text/escape.js';
import { CommandError, exitCodeOf, reasonOf } from './command-error.js';

/** Throws when the native engine is asked for and absent. */
export function tokenizersOf(choice: EngineChoice): Tokenizers {
  if (chooseEngine(choice).name === 'ts') return typescriptTokenizers;
  const binding = nativeBinding();
  return binding.state === 'loaded' ? binding.tokenizers : typescriptTokenizers;
}

async function readBytes(file: string): Promise<Uint8Array> {
  if (file !== '-') return readFile(file);
  // Node takes a folder as stdin for an empty one.
  if (fstatSync(process.stdin.fd).isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** How messages name an input: `stdin`, or the file in quotes. */
export function inputName(file: string): string {
  return file === '-' ? 'stdin' : `"${escapeTerminal(file)}"`;
}

/** The bytes of a file, or of stdin for `-`. Throws `CommandError` that names it. */
export async function readInput(file: string): Promise<Uint8Array> {
  try {
    return await readBytes(file);
  } catch (error) {
    throw new CommandError(`${inputName(file)}: ${reasonOf(error)}`, exitCodeOf(error));
  }
}
