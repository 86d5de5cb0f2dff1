/**
 * `maps` and `pmap` on more than thirty kinds of live, stopped processes: the bytes of the kernel, and the bytes of
 * procps. -X and -XX show Pss, which moves whenever anybody maps the same file, so those are compared on a captured tree.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN } from '../tidemark-process.js';
import { byBlock, differences, kindsWithout, linesOf, several, tidemark } from './answers.js';
import { type CapturedTree, captureTree, run, runInTree } from './captured-tree.js';
import { LEAST_KINDS, type StoppedProcesses, startStoppedProcesses } from './stopped-processes.js';

let set: StoppedProcesses;
let pids: string[];
let folder: string;
let tree: CapturedTree;

beforeAll(async () => {
  set = await startStoppedProcesses();
  pids = set.processes.map(({ pid }) => String(pid));
  folder = mkdtempSync(join(tmpdir(), 'tidemark-captured-'));
  tree = captureTree(
    folder,
    set.processes.map(({ pid }) => pid),
    new Map(),
  );
}, 60_000);

afterAll(async () => {
  await set?.end();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

/** Without a right that lets it look into others' processes. Whoever is not root has none anyway. */
function withoutRights(program: string, words: readonly string[]) {
  if (process.getuid?.() !== 0) return run(program, words);
  const rights = ['--bounding-set=-all,+dac_override,+dac_read_search', '--inh-caps=-all'];
  return run('setpriv', [...rights, program, ...words]);
}

describe('maps', () => {
  it.each(['auto', 'ts'])('is what the kernel gives, engine %s', async (engine) => {
    const all = await several(set.processes, async (one) => {
      const ours = await tidemark(['maps', String(one.pid), '--engine', engine]);
      const kernel = readFileSync(`/proc/${one.pid}/maps`).toString('latin1').split('\n');
      return {
        bytes: ours.stdout.length,
        found: differences([one], (lines) => lines.map(() => one.pid), kernel, linesOf(ours)),
      };
    });
    expect(all.flatMap(({ found }) => found)).toEqual([]);
    expect(all.filter(({ bytes }) => bytes > 0).length).toBeGreaterThanOrEqual(LEAST_KINDS);
  });
});

describe('pmap of live processes', () => {
  it.each([
    { form: [] },
    { form: ['-x'] },
    { form: ['-d'] },
    { form: ['-p'] },
    { form: ['-x', '-p'] },
    { form: ['-d', '-p'] },
    { form: ['-q'] },
    { form: ['-xq'] },
    { form: ['-dq'] },
    { form: ['-A', '7f0000000000,7fffffffffff'] },
    { form: ['-x', '-A', '0,600000000000'] },
    { form: ['-d', '-A', '7f0000000000,'] },
    { form: ['-x'], locale: 'C.UTF-8' },
    { form: ['-p'], locale: 'C.UTF-8' },
  ])('$form $locale', async ({ form, locale = 'C' }) => {
    const env = { LC_ALL: locale };
    const theirs = await run('pmap', [...form, ...pids], env);
    const ours = await tidemark(['pmap', ...form, ...pids], env);
    expect(differences(set.processes, byBlock, linesOf(theirs), linesOf(ours))).toEqual([]);
    expect(ours.code).toBe(theirs.code);
    expect(kindsWithout(set.processes, byBlock, linesOf(theirs))).toEqual([]);
  });

  it.each([{ form: [] }, { form: ['-x'] }, { form: ['-d'] }, { form: ['-X'] }])(
    '$form where some may not be read',
    async ({ form }) => {
      // Of those that may be read -X shows Pss, so there only those that may not.
      const denied = set.processes.filter(({ kind }) => /user|unreadable|kthreadd/.test(kind));
      const some = form[0] === '-X' ? denied : set.processes;
      const words = [...form, ...some.map(({ pid }) => String(pid))];
      const theirs = await withoutRights('pmap', words);
      const ours = await withoutRights(process.execPath, [MAIN, 'pmap', ...words]);
      expect(differences(some, byBlock, linesOf(theirs), linesOf(ours))).toEqual([]);
      expect(ours.code).toBe(theirs.code);
      expect(theirs.code).not.toBe(0);
    },
  );

  it.each([{ form: [] }, { form: ['-x'] }, { form: ['-X'] }])('$form where one is missing', async ({ form }) => {
    // No pid reaches this: the kernel's own limit is 2^22.
    const words = [...form, '4194305'];
    const theirs = await run('pmap', words);
    const ours = await tidemark(['pmap', ...words]);
    expect({ code: ours.code, stdout: ours.stdout.toString() }).toEqual({
      code: theirs.code,
      stdout: theirs.stdout.toString(),
    });
    expect(theirs.code).toBe(42);
  });
});

describe('pmap of a captured tree', () => {
  it.each([
    { form: ['-X'] },
    { form: ['-XX'] },
    { form: ['-X', '-p'] },
    { form: ['-XX', '-p'] },
    { form: ['-X', '-q'] },
    { form: ['-XX', '-q'] },
    { form: ['-XX'], locale: 'C.UTF-8' },
  ])('$form $locale, all in one call', async ({ form, locale = 'C' }) => {
    const env = { LC_ALL: locale };
    const theirs = await runInTree(tree, ['pmap', ...form, ...pids], env);
    const ours = await tidemark(['pmap', ...form, ...pids, '--procfs', tree.proc], env);
    expect(differences(set.processes, byBlock, linesOf(theirs), linesOf(ours))).toEqual([]);
    expect(ours.code).toBe(theirs.code);
    expect(kindsWithout(set.processes, byBlock, linesOf(theirs))).toEqual([]);
  });

  // Widths and totals go from one process to the next within a call, so one by one is another answer.
  it.each([['-X'], ['-XX']])('%s, one by one', async (form) => {
    const all = await several(set.processes, async (one) => {
      const words = ['pmap', form, String(one.pid)];
      const theirs = await runInTree(tree, words);
      const ours = await tidemark([...words, '--procfs', tree.proc]);
      const found = differences([one], byBlock, linesOf(theirs), linesOf(ours));
      return theirs.code === ours.code ? found : [...found, `${one.kind}: exit ${theirs.code} but ${ours.code}`];
    });
    expect(all.flat()).toEqual([]);
  });
});
