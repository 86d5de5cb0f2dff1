/** What `startRecording` refuses: each time one sentence with the option, the value and what is allowed. */
import { mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { type RecordOptions, startRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childrenOf, MIB, scratch, until } from './workload.js';

// Every temporary folder of the library would show up in here.
let folder: ReturnType<typeof scratch>;
const before = process.env.TMPDIR;
beforeAll(() => {
  folder = scratch();
  process.env.TMPDIR = folder.path;
  delete process.env.XDG_RUNTIME_DIR;
  expect(tmpdir()).toBe(folder.path);
});
afterAll(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
  folder[Symbol.dispose]();
});

const numbers = (name: string, least: unknown, most: unknown) =>
  `"${name}" option to be a number from ${least} to ${most}`;
const rate = (name: string) => `"${name}" option to be "auto", "off" or a number above 0 up to 1000`;
const target =
  '"target" option to be "self", "self-tree", "host", { pids }, { tree }, { descendantsOf }, { cgroup }, { uid }, { pidNamespace } or { match, on }';
const pids = 'to hold integers from 1 to 2147483647';

const WRONG: [option: string, value: unknown, sentence: string][] = [
  ['hz', '10', `${numbers('hz', 0.01, 10000)}, got '10'`],
  ['hz', 0, 'got 0'],
  ['hz', 0.009, 'got 0.009'],
  ['hz', 10_001, 'got 10001'],
  ['hz', Number.NaN, 'got NaN'],
  ['hz', null, 'got null'],
  ['engine', null, 'got null'],
  ['sampler', null, 'got null'],
  ['target', null, 'got null'],
  ['trim', null, 'got null'],
  ['ownCost', 'none', `"ownCost" option to be "thread" or "process", got 'none'`],
  ['hz', 10n, 'got 10n'],
  ['sizeBytes', 2 * MIB - 1, `${numbers('sizeBytes', 2 * MIB, 2 ** 42)}, got 2097151`],
  ['sizeBytes', Number.POSITIVE_INFINITY, 'got Infinity'],
  ['sizeBytes', '16M', "got '16M'"],
  ['durationMs', -1, `${numbers('durationMs', 0, Number.MAX_SAFE_INTEGER)}, got -1`],
  ['durationMs', '10s', "got '10s'"],
  ['audit', -1, `${numbers('audit', 0, Number.MAX_SAFE_INTEGER)}, got -1`],
  ['audit', 'all', "got 'all'"],
  ['rollup', 'sometimes', `${rate('rollup')}, got 'sometimes'`],
  ['rollup', 0, 'got 0'],
  ['rollup', 1001, 'got 1001'],
  ['rollup', true, 'got true'],
  ['mappings', 'on', `${rate('mappings')}, got 'on'`],
  ['mappings', -1, 'got -1'],
  ['engine', 'bpf2', `"engine" option to be one of auto, bpf, native, ts, got 'bpf2'`],
  ['engine', 1, 'got 1'],
  ['sampler', 'thread', `"sampler" option to be "worker" or "process", got 'thread'`],
  ['trim', 'yes', `"trim" option to be true or false, got 'yes'`],
  ['signal', {}, '"signal" option to be an AbortSignal, got {}'],
  ['onWarning', 'log', `"onWarning" option to be a function, got 'log'`],
  ['procfs', 7, '"procfs" option to be the path of a folder, got 7'],
  ['procfs', '', `got ''`],
  [
    'host',
    { pageSize: 4096 },
    '"host" option to be { pageSize, clockTicksPerSecond }, both positive integers, got { pag',
  ],
  ['host', { pageSize: 0, clockTicksPerSecond: 100 }, 'got { pageSize: 0,'],
  ['host', null, 'got null'],
  ['file', '', `"file" option to be the path of a new file, got ''`],
  ['file', 'a\0b', "got 'a\\x00b'"],
  ['file', 3, 'got 3'],
  ['target', 'everything', `${target}, got 'everything'`],
  ['target', {}, `${target}, got {}`],
  ['target', 1, `${target}, got 1`],
  ['target', { pids: [] }, '"target.pids" option to be an array of at least one pid, got []'],
  ['target', { pids: 1 }, 'at least one pid, got 1'],
  ['target', { pids: [1, '2'] }, `"target.pids" option ${pids}, got '2'`],
  ['target', { pids: [2 ** 31] }, 'got 2147483648'],
  ['target', { pids: [1.5] }, 'got 1.5'],
  ['target', { tree: 0 }, `"target.tree" option ${pids}, got 0`],
  ['target', { tree: -1 }, 'got -1'],
  ['target', { cgroup: '' }, `"target.cgroup" option to be a path such as "/system.slice", got ''`],
  ['target', { cgroup: 3 }, 'got 3'],
  ['target', { match: 'node', on: 'comm' }, `"target.match" option to be a RegExp, got 'node'`],
  ['target', { match: /node/, on: 'name' }, `"target.on" option to be "comm", "exe" or "cmdline", got 'name'`],
  ['target', { match: /node/ }, 'got undefined'],
];

describe('a wrong option', () => {
  it.each(WRONG.map((row) => [row[0], inspect(row[1]), ...row.slice(1)] as [string, string, unknown, string]))(
    '%s: %s',
    async (option, _shown, value, sentence) => {
      const threads = threadCount();
      const refused = startRecording({
        [option]: value,
        ...(option === 'target' ? {} : { target: 'self' }),
      } as RecordOptions);
      const error = await refused.then(
        async (recorder) => {
          await recorder[Symbol.asyncDispose]();
          return undefined;
        },
        (reason) => reason as Error,
      );
      expect(error).toSatisfy((thrown) => thrown instanceof TypeError || thrown instanceof RangeError);
      expect(error!.message).toMatch(/^Expected the "/);
      expect(error!.message).toContain(`"${option}`);
      expect(error!.message).toContain(sentence);
      expect(error!.message).not.toContain('\n');
      expect(readdirSync(folder.path)).toEqual([]);
      expect(threadCount()).toBe(threads);
    },
  );

  it.each([
    ['null', null],
    ['a string', 'host'],
  ])('%s instead of options', async (_name, options) => {
    await expect(startRecording(options as unknown as RecordOptions)).rejects.toThrow(
      'Expected the options to be an object, got',
    );
  });

  it('that does not exist is named beside those that do', async () => {
    const refused = startRecording({ herz: 10 } as RecordOptions);
    await expect(refused).rejects.toThrow(/^There is no "herz" option; the options are target, hz, rollup, /);
    await expect(refused).rejects.toBeInstanceOf(TypeError);
  });

  it('does not print what a hostile value would print', async () => {
    const refused = startRecording({ engine: '\x1b[31m\nfast' } as unknown as RecordOptions);
    await expect(refused).rejects.toThrow(String.raw`got '\x1B[31m\nfast'`);
    await expect(startRecording({ hz: Object.create(null) } as RecordOptions)).rejects.toThrow('got [Object: null');
  });
});

describe('what cannot be done', () => {
  const cannot = async (options: RecordOptions) => {
    const threads = threadCount();
    const error = await startRecording({ target: 'self', ...options }).then(
      () => undefined,
      (reason) => reason as Error & { code: string },
    );
    expect(threadCount()).toBeLessThanOrEqual(threads + availableParallelism());
    await until(() => childrenOf(process.pid, /helper\.js/).length === 0, 'the end of the helper');
    return error;
  };

  it('is refused before anything is there', async () => {
    using place = scratch();
    writeFileSync(place.file('taken'), 'keep me');
    mkdirSync(place.file('folder'));
    symlinkSync(place.file('nowhere'), place.file('link'));
    const listing = readdirSync(place.path);
    for (const sampler of ['worker', 'process'] as const) {
      for (const name of ['taken', 'folder', 'link']) {
        const error = await cannot({ sampler, file: place.file(name) });
        expect(error).toMatchObject({ code: 'exists' });
        expect(error!.message).toContain(place.file(name));
        expect(error!.message).toContain(name === 'folder' ? 'is a directory' : 'exists already');
      }
      expect(await cannot({ sampler, file: path.join(place.path, 'no/such/a.tide') })).toMatchObject({
        code: 'failed',
      });
      expect(await cannot({ sampler, procfs: place.file('nowhere') })).toMatchObject({ code: 'bad-procfs' });
      expect(await cannot({ sampler, procfs: place.file('taken') })).toMatchObject({ code: 'bad-procfs' });
      const gone = await cannot({ sampler, file: place.file('a'), target: { pids: [0x7fffffff] }, sizeBytes: 2 * MIB });
      expect(gone).toMatchObject({ code: 'target-not-found', message: 'No such process: pids 2147483647' });
      expect(await cannot({ sampler, target: { tree: 0x7fffffff }, sizeBytes: 2 * MIB })).toMatchObject({
        code: 'target-not-found',
      });
    }
    expect(readdirSync(place.path)).toEqual(listing);
    expect(readlinkSync(place.file('link'))).toBe(place.file('nowhere'));
    expect(
      readdirSync(folder.path).filter((name) => name.startsWith('tidemark-') && !place.path.endsWith(name)),
    ).toEqual([]);
  });

  it('is more memory than there can be', async () => {
    const error = await cannot({ sampler: 'worker', sizeBytes: 2 ** 42 });
    expect(error).toBeInstanceOf(RangeError);
    expect(error!.message).toMatch(/"sizeBytes".*got 4398046511104$/);
  });
});

function threadCount(): number {
  return readdirSync('/proc/self/task').length;
}
