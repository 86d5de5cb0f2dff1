/** The short forms of `npm run torture -- damage cuts questions`. */
import { expect, it } from 'vitest';
import { readCut, readDamaged } from './damage-trials.js';
import { askDamaged } from './damaged-recordings.js';

it('of damaged files nothing false is read, nothing whole is left out, and the damage is located', () => {
  const { files, due, dueInPart, findings, refused } = readDamaged(90, Date.now() % 2 ** 31);
  expect(files).toBe(90);
  expect(due).toBeGreaterThan(2000);
  expect(dueInPart).toBeGreaterThan(100);
  expect(findings).toBeGreaterThan(25);
  expect(refused).toBeLessThan(30);
});

it('a file cut anywhere is read as far as it goes', () => {
  const { files, due } = readCut(499, 7);
  expect(files).toBeGreaterThan(400);
  expect(due).toBeGreaterThan(1000);
});

it('a damaged recording answers whatever is asked', () => {
  const { files, frames, points } = askDamaged(12, Date.now() % 2 ** 31);
  expect(files).toBe(12);
  expect(Math.min(frames, points)).toBeGreaterThan(200);
});
