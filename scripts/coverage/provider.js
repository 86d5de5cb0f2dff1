/** What vitest loads to count coverage: its own, and in the process that adds up, what is added to that. */
import v8 from '@vitest/coverage-v8';

export default {
  ...v8,
  // Each test file loads this module, and none of them has use for the rest.
  getProvider: async () => new (await import('./with-children.js')).WithChildren(),
};
