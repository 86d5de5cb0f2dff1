/**
 * The provider for vitest 5, called as vitest 5 calls it, with the tinybench of the vitest that runs this; and what is said to those who
 * configured that of another version.
 */
import { spawnSync } from 'node:child_process';
import provider from 'tidemark/vitest/provider';
import reporter from 'tidemark/vitest/reporter';
import { expect, it } from 'vitest';

type Group = Parameters<typeof provider.run>[0];

function groupOf(registrations: Group['registrations']) {
  const meta: Group['test']['meta'] = {};
  const group: Group = {
    test: { fullTestName: 'arrays', context: {}, meta },
    config: {},
    registrations,
    options: { time: 150, warmupTime: 10 },
  };
  return { group, meta };
}

let kept: unknown;
const allocates = () => {
  kept = new Array(20_000).fill(1.5);
};
const lean = () => {
  kept = (kept === 1) as unknown;
};

it('gives each result its memory, and the test that of all', async () => {
  const { group, meta } = groupOf([
    { name: 'allocates', fn: allocates },
    { name: 'lean', fn: lean },
  ]);
  const results = await provider.run(group);
  expect(results.map(({ name }) => name)).toEqual(['allocates', 'lean']);
  const [first, second] = results.map(({ memory }) => memory!);
  expect(first!.allocatedPerOp).toBeGreaterThan(155_000);
  expect(second!.allocatedPerOp).toBeLessThan(2000);
  expect(first!.caveats).toContain('shared-process');
  // What the harness itself tells is there as well.
  expect(results[0]).toMatchObject({ hz: expect.any(Number) });
  expect(meta.tidemark).toEqual([first, second]);
  await provider.run({ ...group, registrations: [{ name: 'again', fn: lean }] });
  expect(meta.tidemark!.map(({ name }) => name)).toEqual(['allocates', 'lean', 'again']);
});

it('fails with what a benchmark fails with', async () => {
  const { group } = groupOf([
    {
      name: 'fails',
      fn: () => {
        throw new Error('of the benchmark');
      },
    },
  ]);
  await expect(provider.run(group)).rejects.toThrow('of the benchmark');
});

/** Runs a line of a program for which vitest is one that has no more than this. */
function withVitest(exports: string, line: string) {
  const hooks = `export async function resolve(name, context, next) {
    const isVitest = name === 'vitest' || name === 'vitest/node';
    return isVitest ? { url: 'data:text/javascript,${exports}', shortCircuit: true } : next(name, context);
  }`;
  const script = `import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
    ${line}`;
  const cwd = new URL('../..', import.meta.url).pathname;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { cwd, encoding: 'utf8' });
}

it('the runner for vitest 4 says what to take with a later one', () => {
  const { status, stderr } = withVitest('export class TestRunner {}', "await import('tidemark/vitest');");
  expect(status).toBe(1);
  expect(stderr).toMatch(/runner for vitest 4.*benchmark\.provider to 'tidemark\/vitest\/provider'/);
});

it('the reporter prints the memory of tests that have any, with a vitest that has no reporter of benchmarks', async () => {
  const { group, meta } = groupOf([{ name: 'allocates', fn: allocates }]);
  await provider.run(group);
  const line = `const { default: Reporter } = await import('tidemark/vitest/reporter');
    const reporter = new Reporter();
    reporter.onTestCaseResult({ fullName: 'none', meta: () => ({}) });
    reporter.onTestCaseResult({ fullName: 'arrays', meta: () => (${JSON.stringify(meta)}) });`;
  const { status, stdout, stderr } = withVitest('export const version = 5', line);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^\n arrays\n {5}memory +alloc\/op \(B\).*\n {5}allocates +\d+\.\d /);
  expect(stdout).not.toContain('none');
  // With vitest 4 it is a reporter of benchmarks.
  expect(reporter.prototype).toHaveProperty('onTestSuiteResult');
});
