/**
 * What the program loads before it answers, since a shell starts it for every `ps`: files, modules of Node's, packages.
 *
 * The trap: times differ from machine to machine, and what costs them does not. So what is loaded is counted.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/commands.js';
import { MAIN, runTidemark } from './tidemark-process.js';

interface Loaded {
  /** Modules of Node's beyond those of an empty program. */
  readonly builtins: readonly string[];
  /** Files that `require` loaded. */
  readonly modules: readonly string[];
  /** Files of the command line that were read. */
  readonly bundles: readonly string[];
}

const HOOK = `
const fs = require('node:fs');
const before = new Set(process.moduleLoadList);
const read = [];
const { readFileSync } = fs;
fs.readFileSync = (file, ...rest) => {
  read.push(String(file));
  return readFileSync(file, ...rest);
};
process.on('exit', () => {
  const builtins = process.moduleLoadList.filter((name) => !before.has(name));
  fs.writeFileSync(process.env.LOADED_FILE, JSON.stringify({ builtins, modules: Object.keys(require.cache), read }));
});
`;

/** What of Node's costs a millisecond and more, and a short answer does without. */
const DEAR = /NativeModule (?:stream|net|tty|module|worker_threads|child_process|zlib|internal\/modules\/esm\/loader)$/;

/** What is typed most, of the commands that have to answer at once. */
const TYPED: Record<string, readonly string[]> = {
  explain: ['RES'],
  maps: [String(process.pid)],
  pmap: ['-X', String(process.pid)],
  ps: ['aux'],
  segments: [String(process.pid)],
  top: ['-b', '-n', '1', '-p', String(process.pid)],
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-start-'));
  writeFileSync(path.join(folder, 'hook.cjs'), HOOK);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function loadedBy(words: readonly string[]): Promise<Loaded> {
  const hook = path.join(folder, 'hook.cjs');
  const file = path.join(folder, 'loaded.json');
  const { code, stdout, stderr } = await runTidemark(words, {
    env: { NODE_OPTIONS: `--require ${hook}`, LOADED_FILE: file },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).not.toBe('');
  const { builtins, modules, read } = JSON.parse(readFileSync(file, 'utf8'));
  return {
    builtins,
    modules: modules.filter((name: string) => name !== hook),
    bundles: read
      .filter((name: string) => path.dirname(name) === path.dirname(MAIN))
      .map((name: string) => path.basename(name)),
  };
}

describe('what is loaded', () => {
  it('is one file for the version', async () => {
    const { builtins, modules, bundles } = await loadedBy(['--version']);
    expect({ modules, bundles }).toEqual({ modules: [MAIN], bundles: ['main.js'] });
    expect(builtins.filter((name) => DEAR.test(name))).toEqual([]);
  });

  it('is one bundle with its compiled code for a direct command, and no package', async () => {
    for (const { name } of COMMANDS.filter((entry) => 'loadDirect' in entry)) {
      for (const words of [[name, '--help'], ...(name in TYPED ? [[name, ...TYPED[name]]] : [])]) {
        const { builtins, modules, bundles } = await loadedBy(words);
        expect({ words, modules, bundles: [...bundles].sort() }).toEqual({
          words,
          modules: [MAIN],
          bundles: ['main.js', `${name}.cache`, `${name}.js`].sort(),
        });
        expect({ words, dear: builtins.filter((builtin) => DEAR.test(builtin)) }).toEqual({ words, dear: [] });
      }
    }
  });

  it('is one bundle and the command parser for the others', async () => {
    const { builtins, modules, bundles } = await loadedBy(['parse', 'statm', '/proc/self/statm']);
    expect([...bundles].sort()).toEqual(['main.js', 'program.cache', 'program.js']);
    expect(modules).toContain(MAIN);
    expect(modules.filter((name) => name !== MAIN && !name.includes('/node_modules/commander/'))).toEqual([]);
    expect(builtins).not.toContain('NativeModule worker_threads');
  });
});

describe('the library', () => {
  it('is loaded without the worker threads and child processes of what records, and without streams and ciphers', () => {
    const library = new URL('../dist/index.js', import.meta.url);
    const script = `
      const before = new Set(process.moduleLoadList);
      await import(${JSON.stringify(library.href)});
      console.log(JSON.stringify(process.moduleLoadList.filter((name) => !before.has(name))));`;
    const loaded = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    const dear = /NativeModule (?:worker_threads|child_process|vm|v8|net|http|tty|stream|crypto|zlib)$/;
    expect(JSON.parse(loaded).filter((name: string) => dear.test(name))).toEqual([]);
  });
});

describe('code that V8 compiled at the build', () => {
  it('is taken for every bundle', async () => {
    const script = `
      const fs = require('node:fs');
      const { Script } = require('node:vm');
      const refused = [];
      for (const name of fs.readdirSync('.').filter((file) => file.endsWith('.js') && file !== 'main.js')) {
        const cachedData = fs.readFileSync(name.replace(/js$/, 'cache'));
        const { cachedDataRejected } = new Script(fs.readFileSync(name, 'utf8'), { filename: fs.realpathSync(name), cachedData });
        if (cachedDataRejected !== false) refused.push(name);
      }
      console.log(JSON.stringify(refused));`;
    const refused = execFileSync(process.execPath, ['-e', script], { cwd: path.dirname(MAIN), encoding: 'utf8' });
    expect(JSON.parse(refused)).toEqual([]);
  });
});
