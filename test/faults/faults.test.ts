/** The short form of `npm run faults`, and what it found. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, FaultyRuns } from './faulty-runs.js';

const LANES = 3;

let runs: FaultyRuns;

beforeAll(() => {
  runs = new FaultyRuns();
});
afterAll(() => runs[Symbol.dispose]());

/** The first call of each place of the addon that calls this function. */
async function placesOf(course: string, functions: readonly string[]): Promise<string[]> {
  const { calls, wrong } = await runs.run(course);
  expect(wrong).toEqual([]);
  return [...calls.keys()].filter((key) => !key.startsWith('node') && functions.includes(key.split(' ')[1]!));
}

/** What does not hold of runs with these faults, and whether each fault came. */
async function wrongOf(course: string, faults: readonly Fault[]): Promise<string[]> {
  const left = [...faults];
  const wrong: string[] = [];
  const lane = async () => {
    for (let fault = left.shift(); fault; fault = left.shift()) {
      const run = await runs.run(course, fault);
      if (run.failed === 0) wrong.push(`${fault.key}: was not called`);
      for (const what of run.wrong) wrong.push(`${fault.key} ${fault.errno}: ${what}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return wrong;
}

describe('a recorder whose calls fail', () => {
  it('ends with a sentence, or tells what is lost, whatever of the addon gets no memory', async () => {
    const keys = await placesOf('native', ['realloc', 'new[]', 'new', 'mmap64']);
    expect(keys.length).toBeGreaterThan(7);
    expect(
      await wrongOf(
        'native',
        keys.map((key) => ({ key, first: 1, count: 0, errno: 'ENOMEM' })),
      ),
    ).toEqual([]);
  });

  it('goes on when the processes cannot be listed once, and counts the tick', async () => {
    const { calls } = await runs.run('native');
    const [key, made] = [...calls].find(([one]) => one.startsWith('addon syscall-217 '))!;
    // The first of a listing in the middle: a busy host has few, and each takes two calls.
    const fault = { key, first: Math.ceil(made / 4) * 2 + 1, count: 1, errno: 'EIO' };
    const { code, failed, wrong, shows } = await runs.run('native', fault);
    expect({ code, failed, wrong }).toEqual({ code: 0, failed: 1, wrong: [] });
    expect(shows).toContain('1 not-listed');
  });

  it('records all that match, when the command line of one could not be read once', async () => {
    const { calls } = await runs.run('native');
    const keys = [...calls].filter(([key, made]) => key.startsWith('addon open64 ') && made >= 5).map(([key]) => key);
    expect(keys.length).toBeGreaterThan(0);
    const faults = keys.map((key) => ({ key, first: 5, count: 1, errno: 'EMFILE' }));
    expect(await wrongOf('native', faults)).toEqual([]);
  });

  it('goes on when its own memory cannot be read', async () => {
    const fault = { key: 'node pread64 /proc/N/statm', first: 1, count: 0, errno: 'EIO' };
    const { code, failed, wrong } = await runs.run('native', fault);
    expect({ code, wrong }).toEqual({ code: 0, wrong: [] });
    expect(failed).toBeGreaterThan(0);
  });

  it('says which file it is that cannot be read', async () => {
    const fault = { key: 'node pread64 recording', first: 1, count: 0, errno: 'EIO' };
    const { code, wrong, shows } = await runs.run('native', fault);
    expect({ code, wrong: wrong.filter((what) => !what.startsWith('the recording')) }).toEqual({ code: 1, wrong: [] });
    expect(shows.join()).toMatch(/Cannot read \S+\.tide: the disk failed/);
  });

  it.each([
    ['the tree', 'addon', 'open64', 'Cannot open /proc: Input/output error'],
    ['the processes', 'addon', 'syscall-217', 'Cannot list the processes: EIO'],
    ['a thread', 'node', 'pthread_create', "The sampler's thread could not be started: EAGAIN"],
  ])('says in one sentence that %s cannot be had at the start', async (_, from, name, sentence) => {
    const { calls } = await runs.run('native');
    const key = [...calls.keys()].find((one) => one.startsWith(`${from} ${name}`))!;
    const errno = name === 'pthread_create' ? 'EAGAIN' : 'EIO';
    const { code, wrong, shows } = await runs.run('native', { key, first: 1, count: 1, errno });
    expect({ code, wrong, shows }).toEqual({ code: 1, wrong: [], shows: ['exit 1', `tidemark record: ${sentence}`] });
  });
});
