/**
 * Many readers of one recording at full speed: in this process, in others, and in another mount and pid namespace. Each
 * value of a frame follows from its tick, so a half frame would show.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { openRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { preallocate } from '../../src/engine/preallocate.js';
import { FileStorage } from '../../src/ring/file-storage.js';
import { Author, someone } from './synthetic.js';
import { scratch } from './workload.js';

const SLOTS = 40;
const TICKS = 20_000;
const LAST = 7;

/** Follows the recording until the writer's last tick, checks every value, and prints what it saw. */
const READER = `
import { openRecording } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)};
const recording = openRecording(process.argv[1]);
const walk = recording.walk();
let frames = 0, lost = 0, wrong = 0, last = -1;
const end = Date.now() + 60000;
console.log('reading');
while (last < ${TICKS - 1} && Date.now() < end) {
  const step = walk.next();
  if (step === null) continue;
  if (step === 'gap') { lost += walk.lost; continue; }
  frames++;
  if (walk.tick <= last) wrong++;
  last = walk.tick;
  const { slots, count } = walk.rows;
  if (count !== ${SLOTS}) wrong++;
  for (let index = 0; index < count; index++) {
    const slot = slots[index];
    if (walk.counter(0, slot) !== (walk.tick + slot) * 4096) wrong++;
    if (walk.counter(1, slot) !== (walk.tick * ${LAST} + slot) * 4096) wrong++;
  }
}
console.log(JSON.stringify({ frames, lost, wrong, last }));
`;

function startReader(file: string, prefix: readonly string[]) {
  const [program, ...words] = [...prefix, process.execPath, '--input-type=module', '-e', READER, file];
  const child = spawn(program!, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  return {
    ready: new Promise<void>((resolve) => child.stdout.once('data', () => resolve())),
    result: once(child, 'close').then(() => JSON.parse(text.trimEnd().split('\n').at(-1)!)),
  };
}

/** Another mount and pid namespace, where this host permits one. */
async function unshared(): Promise<readonly string[]> {
  for (const flags of [
    ['-m', '-p', '-f'],
    ['-r', '-m', '-p', '-f'],
  ]) {
    const child = spawn('unshare', [...flags, 'true'], { stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    if (code === 0) return ['unshare', ...flags];
  }
  return [];
}

describe('readers of a recording that is written as fast as can be', () => {
  it('see whole frames only, wherever they are, and cost the writer nothing', { timeout: 120_000 }, async () => {
    using folder = scratch();
    const file = folder.file('fast.tide');
    const author = new Author({ storage: FileStorage.create(file, 2 ** 22, preallocate) });
    for (let slot = 0; slot < SLOTS; slot++) author.arrive(slot, someone(slot + 1));
    const write = (tick: number) => {
      for (let slot = 0; slot < SLOTS; slot++) {
        author.set(slot, { rss: (tick + slot) * 4096, rssAnon: (tick * LAST + slot) * 4096 });
      }
      author.sweep();
    };
    write(0);
    const other = await unshared();
    const readers = [startReader(file, []), startReader(file, []), startReader(file, other)];
    await Promise.all(readers.map(({ ready }) => ready));
    using own = openRecording(file);
    const walk = own.walk();
    let wrong = 0;
    for (let tick = 1; tick < TICKS; tick++) {
      write(tick);
      if (tick % 50 !== 0) continue;
      for (let step = walk.next(); step !== null; step = walk.next()) {
        if (step === 'frame' && walk.counter(0, 3) !== (walk.tick + 3) * 4096) wrong++;
      }
      await turn();
    }
    const results = await Promise.all(readers.map(({ result }) => result));
    author.close();
    expect(wrong).toBe(0);
    for (const result of results) {
      expect(result).toMatchObject({ wrong: 0, last: TICKS - 1 });
      expect(result.frames + result.lost).toBe(TICKS);
      expect(result.frames).toBeGreaterThan(0);
    }
    for (const ring of author.writer.stats) expect(ring.stored).toBe(ring.attempted);
  });
});
