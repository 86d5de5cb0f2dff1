/** By room: its tests of thousands of cases, which are asked only about what all others let live. */
export const SLOW_TESTS = {
  ring: ['ring-damage', 'ring-live', 'ring-model', 'ring-parts', 'moved-slots', 'ring-columns', 'ring-wrap'].map(
    (name) => `src/ring/${name}.test.ts`,
  ),
};
