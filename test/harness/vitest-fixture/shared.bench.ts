import { bench, describe } from 'vitest';

const options = { time: 150, warmupTime: 20 };
let kept: unknown;

describe('arrays', () => {
  bench(
    'allocates',
    () => {
      kept = new Array(20_000).fill(1.5);
    },
    options,
  );
  bench(
    'lean',
    () => {
      kept = (kept === 1) as unknown;
    },
    options,
  );
});
