/**
 * The tests of one room beside its code, for scripts/mutation.js, and of other folders those that are of its parts alone.
 *
 * The trap: a mutant that lives is tried by every test that comes by it, so tests of thousands of cases would take minutes for
 * each. They are left out at first, and only what lives then is tried by them.
 */
import { chmodSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SLOW_TESTS } from './slow-tests.js';

const room = process.env.MUTATION_ROOM;
const files = (process.env.MUTATION_FILES ?? '').split(',').filter((file) => file !== '');

const ELSEWHERE: Record<string, string[]> = {
  analyze: ['test/segments/fixtures.test.ts'],
};

const SLOW: string[] = (SLOW_TESTS as Record<string, string[]>)[room ?? ''] ?? [];
const isForSlow = process.env.MUTATION_SLOW === '1';

const root = fileURLToPath(new URL('../..', import.meta.url));
// The copy that is mutated is closed to others, and a test runs its code as another user.
chmodSync(root, 0o755);

// Of single files the tests of their names, where each has one.
const named = files.map((file) => `src/${room}/${file.replace(/\.ts$/, '.test.ts')}`);
const own = named.every((file) => existsSync(`${root}/${file}`)) ? named : [];

export default defineConfig({
  root,
  test: {
    include: isForSlow ? SLOW : own.length > 0 ? own : [`src/${room}/**/*.test.ts`, ...(ELSEWHERE[room ?? ''] ?? [])],
    exclude: isForSlow ? [] : SLOW,
    testTimeout: 60_000,
  },
});
