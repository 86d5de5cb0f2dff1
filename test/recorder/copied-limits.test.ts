/** Limits in what is made of a recording: they hold in a part that begins after they were told, and hide with the paths. */
import { afterAll, describe, expect, it } from 'vitest';
import { cutRecording } from '../../src/recording/cut.js';
import { collectLimits } from '../../src/recording/limits.js';
import { openRecording } from '../../src/recording/recording.js';
import { Redactor } from '../../src/recording/redact.js';
import { Author, someone } from './synthetic.js';
import { scratch } from './workload.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());

function recorded() {
  const author = new Author();
  author.arrive(0, someone(100));
  const who = { pid: 100, startTicks: 200, comm: 'zanzibar' };
  for (let tick = 0; tick < 100; tick++) {
    author.set(0, { rss: 4096 });
    if (tick % 10 === 0) {
      author.writer.event(author.nowNs, {
        type: 'groupLimit',
        path: '/tenant/job',
        max: 1000,
        current: tick,
        peak: tick,
      });
    }
    if (tick === 5) author.writer.event(author.nowNs, { type: 'processLimit', ...who, group: '/tenant/job' });
    author.sweep();
  }
  author.close();
  return author.open();
}

const eventsOf = (file: string) => {
  using recording = openRecording(file);
  return recording.events().filter(({ event }) => event.type === 'groupLimit' || event.type === 'processLimit');
};

describe('limits', () => {
  const whole = recorded();
  const unixOf = (tick: number) => whole.at(whole.endNs)!.timeNs - BigInt(99 - tick) * tickNs;
  const tickNs = BigInt(1e9 / whole.metadata.hz);

  it('that were told last before a cut are in it, and those before them are not', () => {
    const file = folder.file('part.tide');
    cutRecording(whole, file, { from: unixOf(55), to: unixOf(75) });
    expect(eventsOf(file).map(({ event }) => (event.type === 'groupLimit' ? event.current : event.type))).toEqual([
      'processLimit',
      50,
      60,
      70,
    ]);
    using part = openRecording(file);
    const { groups } = collectLimits(part.events(), BigInt(part.metadata.startedAt.monotonicNs));
    expect(groups).toMatchObject([{ path: '/tenant/job', used: 70, isExact: true }]);
  });

  it('have no name of a group where paths are hidden, and their order stays to be seen', () => {
    const file = folder.file('hidden.tide');
    cutRecording(whole, file, { redactor: new Redactor(['paths', 'comm']) });
    const events = eventsOf(file).map(({ event }) => event as { path?: string; group?: string; comm?: string });
    expect(events.length).toBe(11);
    const names = new Set(events.map(({ path, group }) => path ?? group));
    expect(names.size).toBe(1);
    expect([...names][0]).toMatch(/^\/p-[0-9a-f]{12}\/p-[0-9a-f]{12}$/);
    expect(JSON.stringify(events)).not.toMatch(/tenant|job|zanzibar/);
  });
});
