import { expect, it } from 'vitest';

it('runs as ever', () => {
  expect(1).toBe(1);
});
