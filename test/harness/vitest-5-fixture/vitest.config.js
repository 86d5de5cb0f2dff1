export default {
  test: {
    provide: { tidemark: { hz: 100 } },
    benchmark: { provider: 'tidemark/vitest/provider' },
    reporters: ['default', 'tidemark/vitest/reporter'],
  },
};
