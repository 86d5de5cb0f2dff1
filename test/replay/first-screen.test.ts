/** What the first screen of a recording has, and what comes a moment later. */
import { expect, it } from 'vitest';
import { ReplaySession } from '../../src/cli/replay-session.js';
import { Author, someone } from '../recorder/synthetic.js';

it('is of the counters alone, and is whole at the next look after it was told of more', async () => {
  const author = new Author();
  author.arrive(0, someone(10));
  for (let tick = 0; tick < 200; tick++) {
    author.set(0, { rss: 4096 * (1000 + tick) });
    author.sweep();
    if (tick === 190) author.deep([0], { pss: 4096 * 500, uss: 4096 * 400 });
  }
  using recording = author.open();
  let tell = () => {};
  const told = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const session = new ReplaySession({ recording, changed: () => tell(), beginsQuickly: true });
  try {
    for (let look = 0; look < 2; look++) {
      const { processes, replay } = session.look(undefined);
      expect(processes).toMatchObject([{ rss: 4096 * 1199, pss: Number.NaN, short: { value: Number.NaN } }]);
      expect(replay!.isSearching).toBe(true);
    }
    await told;
    const { processes, replay } = session.look(undefined);
    expect(processes).toMatchObject([{ pss: 4096 * 500, uss: 4096 * 400, short: { value: 4096 * 100 } }]);
    expect(replay!.isSearching).toBe(false);
  } finally {
    session.close();
  }
});
