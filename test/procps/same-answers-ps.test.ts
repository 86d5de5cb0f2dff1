/**
 * `ps` and the frames of `top -b` on more than thirty kinds of stopped processes, against procps: live, all that does not
 * move by itself; on a captured tree, where nothing does, every byte.
 *
 * The trap: procps lists a tree in the order of its folder, which for plain files is any order, so all is sorted by pid.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byColumn, differences, differencesFromEither, kindsWithout, linesOf, tidemark } from './answers.js';
import { type CapturedTree, captureTree, run, runInTree } from './captured-tree.js';
import { LEAST_KINDS, type StoppedProcess, type StoppedProcesses, startStoppedProcesses } from './stopped-processes.js';

let set: StoppedProcesses;
let folder: string;
let tree: CapturedTree;

beforeAll(async () => {
  set = await startStoppedProcesses();
  folder = mkdtempSync(join(tmpdir(), 'tidemark-captured-'));
  const names = new Map([
    [65534, 'nobody'],
    [54323, 'a-name-wider-than-its-column'],
  ]);
  tree = captureTree(
    folder,
    set.processes.map(({ pid }) => pid),
    names,
  );
}, 60_000);

afterAll(async () => {
  await set?.end();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const LOCALES = ['C', 'C.UTF-8'];

/** Each form in the C locale, and those that show arguments also in the other, where procps escapes fewer bytes. */
function inLocales<Form extends { readonly form: readonly string[] }>(forms: readonly Form[]) {
  const shown = (form: readonly string[]) => /^(?:aux|-ef|-c)?(?:,-w,200)?$/.test(form.join());
  return forms.flatMap((one) =>
    LOCALES.filter((it) => it === 'C' || shown(one.form)).map((locale) => ({ ...one, locale })),
  );
}

function pidList(processes: readonly StoppedProcess[]): string {
  return processes.map(({ pid }) => pid).join();
}

/** The rows of the set, and the heading, of a table whose column `column` is the pid. */
function rowsOfSet(lines: readonly string[], column: number): string[] {
  const pids = new Set(set.processes.map(({ pid }) => pid));
  const whom = byColumn(column)(lines);
  return lines.filter((_, i) => i === 0 || pids.has(whom[i] ?? 0));
}

describe('ps of live processes', () => {
  // USER PID %CPU: the share of CPU time falls by itself while a process stands still.
  const withoutCpu = (lines: readonly string[]) =>
    lines.map((line) => line.replace(/^(\S+ +\d+) +[\d.]+ /, '$1 %CPU '));

  it.each(LOCALES)('aux, every column but the share of CPU, %s', async (locale) => {
    const env = { LC_ALL: locale };
    const rows = async (answer: ReturnType<typeof run>) => withoutCpu(rowsOfSet(linesOf(await answer), 1));
    const before = await rows(run('ps', ['aux'], env));
    const ours = await rows(tidemark(['ps', 'aux'], env));
    const after = await rows(run('ps', ['aux'], env));
    expect(differencesFromEither(set.processes, byColumn(1), before, after, ours)).toEqual([]);
    expect(kindsWithout(set.processes, byColumn(1), before)).toEqual([]);
    expect(before.length).toBeGreaterThan(LEAST_KINDS);
  });

  it.each([
    { form: ['-l'], column: 3 },
    { form: ['j'], column: 1 },
    { form: ['s'], column: 1 },
    { form: ['v'], column: 0 },
    {
      form: ['-o', 'pid,user,ruser,tty,stat,pri,ni,cls,rtprio,nlwp,wchan,lstart,time,sz,rss,vsz,pmem,comm,args'],
      column: 0,
    },
  ])('$form of all of them', async ({ form, column }) => {
    const words = ['ps', ...form, '-p', pidList(set.processes)];
    const before = linesOf(await run(words[0], words.slice(1)));
    const ours = linesOf(await tidemark(words));
    const after = linesOf(await run(words[0], words.slice(1)));
    expect(differencesFromEither(set.processes, byColumn(column), before, after, ours)).toEqual([]);
    expect(kindsWithout(set.processes, byColumn(column), before)).toEqual([]);
  });
});

describe('ps of a captured tree', () => {
  const FORMS = [
    { form: ['aux'], column: 1 },
    { form: ['auxww'], column: 1 },
    { form: ['auxe'], column: 1 },
    { form: ['-ef'], column: 1 },
    { form: ['-eF'], column: 1 },
    { form: ['-el'], column: 3 },
    { form: ['axl'], column: 2 },
    { form: ['axj'], column: 1 },
    { form: ['axs'], column: 1 },
    { form: ['axv'], column: 0 },
  ];

  it.each(inLocales(FORMS))('$form, $locale', async ({ form, column, locale }) => {
    const words = ['ps', ...form, '--sort', 'pid'];
    const env = { LC_ALL: locale };
    const before = linesOf(await runInTree(tree, words, env));
    const ours = linesOf(await tidemark([...words, '--procfs', tree.proc], env));
    const after = linesOf(await runInTree(tree, words, env));
    expect(differencesFromEither(set.processes, byColumn(column), before, after, ours)).toEqual([]);
    expect(kindsWithout(set.processes, byColumn(column), before)).toEqual([]);
  });
});

describe('top', () => {
  // What the tree does not tell: the time of day, and who is logged in.
  const withoutNow = (lines: readonly string[]) =>
    lines.map((line) => line.replace(/^top - [\d:]+ (.*), +[\d?]+ users?,/, 'top - NOW $1, USERS,'));

  const FORMS = [
    [],
    ['-c'],
    ['-c', '-w', '200'],
    ['-w', '200'],
    ['-w'],
    ['-i'],
    ['-E', 'g'],
    ['-e', 'm'],
    ['-u', 'root'],
  ];

  it.each(inLocales(FORMS.map((form) => ({ form }))))(
    '-b of a captured tree, $form, $locale',
    async ({ form, locale }) => {
      const words = ['top', '-b', '-n', '1', '-o', 'PID', ...form];
      const env = { LC_ALL: locale };
      const theirs = withoutNow(linesOf(await runInTree(tree, words, env)));
      const ours = withoutNow(linesOf(await tidemark([...words, '--procfs', tree.proc], env)));
      expect(differences(set.processes, byColumn(0), theirs, ours)).toEqual([]);
      const shown = form.includes('-i') || form.includes('-u') ? [] : set.processes;
      expect(kindsWithout(shown, byColumn(0), theirs)).toEqual([]);
    },
  );

  // In five lines above the rows everything moves; what stays is the layout.
  const layout = (lines: readonly string[]) =>
    lines.map((line, i) =>
      i === 1 || i > 4 ? line : line.replace(/ *\d+\.\d+/g, ' N').replace(/\d\d:\d\d:\d\d/, 'NOW'),
    );

  it('-b -p of live processes: the layout above, and every row', async () => {
    // top takes no more than twenty pids.
    for (let first = 0; first < set.processes.length; first += 20) {
      const some = set.processes.slice(first, first + 20);
      const words = ['top', '-b', '-n', '1', '-o', 'PID', '-p', pidList(some)];
      const before = layout(linesOf(await run(words[0], words.slice(1))));
      const ours = layout(linesOf(await tidemark(words)));
      const after = layout(linesOf(await run(words[0], words.slice(1))));
      expect(differencesFromEither(some, byColumn(0), before, after, ours)).toEqual([]);
      expect(kindsWithout(some, byColumn(0), before)).toEqual([]);
    }
  });
});
