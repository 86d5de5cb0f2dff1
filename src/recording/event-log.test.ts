/** While nothing can be stored, what happens is not forgotten: it is stored later, or counted. */
import { describe, expect, it } from 'vitest';
import { METADATA, SECOND, someone } from '../../test/recorder/synthetic.js';
import { TierColumns } from '../engine/tier-columns.js';
import { SharedStorage } from '../ring/shared-storage.js';
import { COUNTER_COLUMNS } from '../schema.js';
import { openSharedRecording } from './recording.js';
import { RecordingWriter } from './recording-writer.js';

class FailingStorage extends SharedStorage {
  isFailing = false;

  override write(at: number, bytes: Uint8Array, from: number, length: number): void {
    if (this.isFailing) throw new Error('EIO');
    super.write(at, bytes, from, length);
  }
}

function begin() {
  const buffer = new SharedArrayBuffer(2 ** 22);
  const storage = new FailingStorage(buffer);
  const writer = RecordingWriter.create(storage, { metadata: METADATA, blockBytes: 65536, maxSlots: 64 });
  const mark = (name: string, second: number) => writer.event(BigInt(second) * SECOND, { type: 'mark', name });
  return { storage, writer, mark, read: () => openSharedRecording(buffer) };
}

describe('events of a disk that takes nothing', () => {
  it('are stored in their order once it takes something again, with their times', () => {
    const { storage, writer, mark, read } = begin();
    mark('before', 1);
    storage.isFailing = true;
    mark('during', 2);
    writer.dropped(3n * SECOND, 'counters', 'write-failed', 5);
    storage.isFailing = false;
    mark('after', 4);
    const events = read().events();
    expect(events.map(({ event }) => ('name' in event ? event.name : event.type))).toEqual([
      'before',
      'during',
      'drop',
      'after',
    ]);
    expect(events.map(({ timeNs }) => timeNs / SECOND)).toEqual([1n, 2n, 3n, 4n]);
    expect(read().lostEvents()).toEqual({ events: 0, lives: 0 });
  });

  it('are counted where they are too many to wait, and so are arrivals', () => {
    const { storage, writer, mark, read } = begin();
    storage.isFailing = true;
    for (let index = 0; index < 1500; index++) mark(`${index}`, index);
    for (let pid = 1; pid <= 20; pid++) writer.arrive(2000n * SECOND, 0, someone(pid));
    writer.event(2001n * SECOND, { type: 'mark', name: 'too late' });
    const scalars = { tick: 0, lateness: 0, ownCpu: 0, ownRss: 0, missedTicks: 0, statEvery: 1 };
    expect(writer.counters(2002n * SECOND, 2002n * SECOND, scalars, new TierColumns(COUNTER_COLUMNS, 64))).toBe(false);
    storage.isFailing = false;
    writer.close(2003n * SECOND, 'stopped', false);
    const marks = read().marks();
    expect(marks).toHaveLength(1024);
    expect(marks.at(-1)?.name).toBe('1023');
    expect(read().lostEvents()).toEqual({ events: 477, lives: 20 });
  });

  it('do not wait for one that can never be stored', () => {
    const { mark, read } = begin();
    mark('x'.repeat(70_000), 1);
    mark('next', 2);
    expect(
      read()
        .marks()
        .map(({ name }) => name),
    ).toEqual(['next']);
    expect(read().lostEvents().events).toBe(1);
  });
});
