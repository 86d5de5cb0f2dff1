import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // A test that imports `tidemark` gets what is shipped, not the sources.
    alias: [{ find: /^tidemark$/, replacement: fileURLToPath(new URL('./dist/index.js', import.meta.url)) }],
  },
  test: {
    // `ps` of procps hangs for as long as there is a stuck process: tests that make some run when the others are done.
    projects: [
      {
        extends: true,
        test: {
          name: 'tests',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['test/stuck/**', 'test/stories/**'],
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'stuck', include: ['test/stuck/*.test.ts'], sequence: { groupOrder: 1 } } },
      // What happens to the memory of the whole host: one by one, when nobody else is at work.
      {
        extends: true,
        test: {
          name: 'stories',
          include: ['test/stories/*.test.ts'],
          sequence: { groupOrder: 2 },
          fileParallelism: false,
        },
      },
    ],
    // Processes, not threads: tests set TZ, load the addon and read /proc/self.
    pool: 'forks',
    testTimeout: 30_000,
    // Of `npm run coverage`: what reads foreign bytes.
    coverage: {
      provider: 'custom',
      customProviderModule: './scripts/coverage/provider.js',
      include: ['src/procfs/**', 'src/ring/**', 'src/engine/**'],
      exclude: ['**/*.test.ts', '**/*.fixture.ts'],
      reporter: ['text'],
      reportsDirectory: './out/vitest-coverage',
      reportOnFailure: true,
    },
  },
});
