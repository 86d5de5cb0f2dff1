/** The short form of `npm run torture -- readers`. */
import { expect, it } from 'vitest';
import { followAll } from './readers.js';

it('many readers of a ring in full flood, some a lap behind, see whole frames and are told of the rest', async () => {
  const { returned, stored } = await followAll('/dev/shm', 1.5, 400);
  expect(returned).toBeGreaterThan(1000);
  expect(stored).toBeGreaterThan(500);
});
