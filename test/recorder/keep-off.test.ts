/** The sampler leaves one processor to the program that embeds it, and never takes one that it was not given. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startRecording } from 'tidemark';
import { expect, it } from 'vitest';

const MODULE = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

function allowedOf(pid: number | string): number[] {
  const [, list] = /^Cpus_allowed_list:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))!;
  return list!.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
  });
}

it('has all processors of the program but one, where there are two', async () => {
  await using recorder = await startRecording({ target: 'self', sampler: 'process', hz: 10, rollup: 'off' });
  const given = allowedOf('self');
  const taken = allowedOf(recorder.recording().metadata.writer.pid);
  expect(taken).toHaveLength(Math.max(1, given.length - 1));
  expect(given).toEqual(expect.arrayContaining(taken));
});

it('stays where it is where the program has one only', () => {
  const [only] = allowedOf('self');
  const script = `
    import { startRecording } from ${JSON.stringify(MODULE)};
    import { readFileSync } from 'node:fs';
    const recorder = await startRecording({ target: 'self', sampler: 'process', hz: 10, rollup: 'off' });
    const { pid } = recorder.recording().metadata.writer;
    console.log(/^Cpus_allowed_list:\\s+(.*)$/m.exec(readFileSync(\`/proc/\${pid}/status\`, 'latin1'))[1]);
    await recorder.stop();`;
  const program = ['-c', String(only), process.execPath, '--input-type=module', '-e', script];
  const { status, stdout, stderr } = spawnSync('taskset', program, { encoding: 'utf8' });
  expect([status, stderr, stdout]).toEqual([0, '', `${only}\n`]);
});
