import { bench } from 'vitest';

const held: Buffer[] = [];

bench(
  'holds',
  () => {
    held.push(Buffer.alloc(4 * 2 ** 20, 1));
  },
  { iterations: 32, time: 0, warmupIterations: 0, warmupTime: 0 },
);
