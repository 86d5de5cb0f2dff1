/** What deep reads took, by planted clocks of the recorder and of its reader threads. */
import { expect, it } from 'vitest';
import { DeepCpu } from './deep-cpu.js';

it('has each read once, also one of a reader thread that ends behind the tick', () => {
  const clocks = { own: 100, readers: 0 };
  const deep = new DeepCpu({ readerCpuNs: () => clocks.readers }, () => clocks.own);
  expect(deep.ns).toBe(0);
  deep.charge(() => {
    clocks.own += 7;
    clocks.readers += 3;
  });
  expect(deep.ns).toBe(10);
  // Between two ticks the sampler does something else, and a read ends that began in the tick.
  clocks.own += 50;
  clocks.readers += 40;
  expect(deep.ns).toBe(50);
  deep.charge(() => {
    clocks.own += 2;
  });
  expect(deep.ns).toBe(52);
});
