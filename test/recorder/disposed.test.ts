/** What a program that embeds a recorder must not be brought down by: the end of the recorder, and a lack of descriptors. */
import { execFileSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import path from 'node:path';
import { type Recorder, startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';

async function framesOf(recorder: Recorder): Promise<number> {
  let frames = 0;
  for await (const frame of recorder.frames()) if (frame.kind === 'frame') frames++;
  return frames;
}

describe('a recorder that is disposed of', () => {
  it.each(['worker', 'process'] as const)('ends a loop over its frames, with a sampler in a %s', async (sampler) => {
    const recorder = await startRecording({ target: 'self', hz: 50, sampler });
    const loop = framesOf(recorder);
    await recorder[Symbol.asyncDispose]();
    expect(await loop).toBeGreaterThan(0);
  });

  it('leaves no listener on the signal of a start that failed', async () => {
    const { signal } = new AbortController();
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(startRecording({ target: { pids: [2 ** 31 - 1] }, signal })).rejects.toThrow();
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

it('goes on recording while the program has no descriptor left', () => {
  const library = path.resolve('dist/index.js');
  const program = `
    import { openSync, closeSync } from 'node:fs';
    import { setTimeout as pause } from 'node:timers/promises';
    import { startRecording } from ${JSON.stringify(library)};
    const recorder = await startRecording({ target: 'self', hz: 50, sampler: 'worker', rollup: 'off' });
    const before = recorder.now().timeNs;
    const open = [];
    try { for (;;) open.push(openSync('/dev/null')); } catch {}
    await pause(2500);
    for (const fd of open) closeSync(fd);
    const { progress } = await recorder.stop();
    console.log(progress.ticks);
  `;
  const ticks = execFileSync('bash', [
    '-c',
    `ulimit -n 200; exec "${process.execPath}" --input-type=module -e "$0"`,
    program,
  ]);
  expect(Number(ticks)).toBeGreaterThan(60);
});
