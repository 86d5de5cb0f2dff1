/** A copy has what the ring has, and behind it what was told and had not come there yet. */
import { statSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { Author, MONOTONIC, SECOND, someone } from '../../test/recorder/synthetic.js';
import { scratch } from '../../test/recorder/workload.js';
import { FileStorage } from '../ring/file-storage.js';
import { RingReader } from '../ring/ring-reader.js';
import { SharedStorage } from '../ring/shared-storage.js';
import type { Storage } from '../ring/storage.js';
import type { StampedEvent } from './event-reading.js';
import { Rings } from './format.js';
import { openRecording } from './recording.js';
import { saveRing } from './save-ring.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
let copies = 0;

const at = (second: number) => MONOTONIC + BigInt(second) * SECOND;
const mark = (second: number, name = `m${second}`): StampedEvent => ({
  timeNs: at(second),
  event: { type: 'mark', name },
});

function store(author: Author, events: readonly StampedEvent[]): void {
  for (const { timeNs, event } of events) author.writer.event(timeNs, event);
}

function recorded(): Author {
  const author = new Author();
  author.arrive(0, someone(10));
  for (let tick = 0; tick < 5; tick++) author.sweep();
  return author;
}

/** The events of the copy, and the blocks that they lie in. */
function saved(storage: Storage, told: readonly StampedEvent[]) {
  const path = folder.file(`${++copies}.tide`);
  saveRing(storage, path, told);
  using recording = openRecording(path);
  const { damage } = recording.summary();
  const events = recording.events().filter(({ event }) => event.type !== 'arrive');
  return { path, events, damage, blocks: recording.ring.blocks(Rings.events).length, lost: recording.lostEvents() };
}

describe('a copy of a ring that is written', () => {
  it('has in addition what was told and is not there', () => {
    const author = recorded();
    const told = [mark(1), { timeNs: at(2), event: { type: 'begin', name: 'b', span: 1 } } as const, mark(3), mark(4)];
    for (const present of [0, 1, 2, 3, 4]) {
      if (present > 0) store(author, told.slice(present - 1, present));
      const { events, damage } = saved(new SharedStorage(author.buffer), told);
      expect(events).toEqual(told);
      expect(damage).toEqual([]);
    }
    // The ring itself is as it was.
    expect(author.open().events().length).toBe(5);
  });

  it('has no block fewer for it, and goes on in the next one where it must', () => {
    const author = recorded();
    const all = Array.from({ length: 6000 }, (_, index) => mark(index, `${index}`.padStart(400, 'x')));
    store(author, all);
    const before = saved(new SharedStorage(author.buffer), []);
    expect(before.lost.events).toBeGreaterThan(0);
    const one = saved(new SharedStorage(author.buffer), [...all.slice(-2), mark(6000)]);
    expect(one.events).toEqual([...before.events, mark(6000)]);
    expect(one.blocks).toBe(before.blocks);
    const many = all.slice(0, 300).map((_, index) => mark(6000 + index, `${index}`.padStart(400, 'y')));
    const more = saved(new SharedStorage(author.buffer), many);
    expect(more.events.slice(-300)).toEqual(many);
    expect(more.events.length).toBeGreaterThan(before.events.length / 2);
    expect(more.damage).toEqual([]);
  });

  it('overwrites a frame of it that was torn in the copy', () => {
    const author = recorded();
    store(author, [mark(1)]);
    const reader = RingReader.open(new SharedStorage(author.buffer));
    const [block] = reader.blocks(Rings.events);
    const bytes = Buffer.from(author.buffer);
    store(author, [mark(2, 'torn'.repeat(50))]);
    const end = block!.offset + bytes.subarray(block!.offset).lastIndexOf('torn');
    bytes[end] = 0;
    const { events, damage } = saved(new SharedStorage(author.buffer), [mark(1), mark(2, 'whole'), mark(3)]);
    expect(events).toEqual([mark(1), mark(2, 'whole'), mark(3)]);
    expect(damage).toEqual([]);
  });

  it('stamps it with the clock of a writer that goes on after another boot', () => {
    const author = recorded();
    author.writer.clock({ monotonicNs: at(1), realNs: at(1), boottimeNs: 0n });
    author.writer.event(at(1), {
      type: 'clock',
      realNs: `${at(1)}`,
      boottimeNs: '0',
      offsetNs: `${SECOND}`,
      bootId: 'b',
    });
    store(author, [mark(3)]);
    const { events } = saved(new SharedStorage(author.buffer), [mark(2), mark(4)]);
    expect(events.filter(({ event }) => event.type === 'mark')).toEqual([mark(3), { ...mark(4), timeNs: at(5) }]);
  });
});

describe('a copy of a file that was closed', () => {
  it('and trimmed has it too, and is as short', () => {
    const path = folder.file('trimmed.tide');
    const author = new Author({ storage: FileStorage.create(path, 2 ** 22, () => true) });
    author.arrive(0, someone(10));
    author.sweep();
    store(author, [mark(1)]);
    author.close(true);
    const storage = FileStorage.open(path);
    const copy = saved(storage, [mark(1), mark(2)]);
    expect(copy.events.filter(({ event }) => event.type === 'mark')).toEqual([mark(1), mark(2)]);
    expect(copy.damage).toEqual([]);
    expect(statSync(copy.path).size).toBeLessThan(statSync(path).size + 2 ** 18);
    storage.close();
  });
});
