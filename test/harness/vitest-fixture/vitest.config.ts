import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    runner: 'tidemark/vitest',
    provide: { tidemark: { hz: 100 } },
    benchmark: { reporters: ['tidemark/vitest/reporter'] },
  },
});
