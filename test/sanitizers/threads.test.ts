/**
 * What of the addon has threads, under ThreadSanitizer: without Node, which that does not understand. The same program
 * with AddressSanitizer and UBSan, and the addon itself: `npm run test:sanitized`.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { scratch } from '../recorder/workload.js';
import { ROOT } from '../torture/root.js';

const folder = scratch();

afterAll(() => folder[Symbol.dispose]());

it('threads that store, read ahead and sweep have no data race, and do what they are asked', () => {
  const sources = ['native/ring', 'native/sweep', 'native/procfs'].flatMap((room) =>
    readdirSync(path.join(ROOT, room))
      .filter((name) => name.endsWith('.cc'))
      .map((name) => path.join(room, name)),
  );
  const program = folder.file('threads');
  const words = ['-std=c++17', '-fno-exceptions', '-fno-rtti', '-pthread', '-fsanitize=thread', '-o', program];
  execFileSync('g++', [...words, 'test/sanitizers/threads.cc', ...sources], { cwd: ROOT });
  const said = execFileSync(program, [folder.path], { encoding: 'utf8', timeout: 60_000 });
  const [stores, pieces, texts, rows, timeouts] = said.match(/\d+/g)!.map(Number) as number[];
  expect(stores).toBe(3 * 2048);
  for (const count of [pieces, texts, rows]) expect(count).toBeGreaterThan(100);
  // Two of a FIFO for each of the three callers, and one ahead.
  expect(timeouts).toBeGreaterThanOrEqual(9);
}, 180_000);
