import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // A test that imports `tidemark` gets what is shipped, not the sources.
    alias: [{ find: /^tidemark$/, replacement: fileURLToPath(new URL('./dist/index.js', import.meta.url)) }],
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Processes, not threads: tests set TZ, load the addon and read /proc/self.
    pool: 'forks',
    testTimeout: 30_000,
  },
});
