import { describe, expect, it } from 'vitest';
import { SlotLabels } from './slot-labels.js';

const label = (text: string) => Buffer.from(`<${text}>`, 'latin1').subarray(1, 1 + text.length);

function changesOf(labels: SlotLabels): number[] {
  const out = new Uint8Array(400).fill(0xee);
  const end = labels.encodeChanges(out, 2);
  expect(end - 2).toBe(labels.changesBytes);
  expect([out[1], out[end]]).toEqual([0xee, 0xee]);
  return [...out.subarray(2, end)];
}

function allOf(labels: SlotLabels): number[] {
  const out = new Uint8Array(400).fill(0xee);
  const end = labels.encodeAll(out, 2);
  expect(end - 2).toBe(labels.allBytes);
  return [...out.subarray(2, end)];
}

function freedIn(labels: SlotLabels): number[] {
  const slots: number[] = [];
  labels.forEachFreed((slot) => slots.push(slot));
  return slots;
}

describe('labels of slots', () => {
  it('are told as freed first and then named, each with its bytes', () => {
    const labels = new SlotLabels();
    labels.set(2, label('ab'));
    labels.set(130, label('\xff'));
    expect(changesOf(labels)).toEqual([2, 0, 2, 2, 97, 98, 130, 1, 0, 130, 1, 1, 255]);
    expect(allOf(labels)).toEqual([2, 2, 97, 98, 130, 1, 1, 255]);
    expect([labels.liveCount, labels.highWater, labels.live[2], labels.live[3], labels.live[130]]).toEqual([
      2, 131, 1, 0, 1,
    ]);
    expect(freedIn(labels)).toEqual([2, 130]);
  });

  it('that are renamed keep their slot and its values', () => {
    const labels = new SlotLabels();
    labels.set(1, label('a'));
    labels.forgetChanges();
    labels.set(1, label('a'));
    expect([labels.changesBytes, changesOf(labels)]).toEqual([0, []]);
    labels.set(1, label('bcd'));
    expect([changesOf(labels), freedIn(labels)]).toEqual([[1, 3, 98, 99, 100], []]);
    expect([allOf(labels), labels.liveCount, labels.highWater]).toEqual([[1, 3, 98, 99, 100], 1, 2]);
  });

  it('that go give back their slots from the end', () => {
    const labels = new SlotLabels();
    for (const slot of [0, 1, 5]) labels.set(slot, label('x'));
    labels.forgetChanges();
    labels.clear(1);
    expect([labels.liveCount, labels.highWater, freedIn(labels), changesOf(labels)]).toEqual([2, 6, [1], [1, 0]]);
    labels.clear(5);
    expect([labels.liveCount, labels.highWater, labels.live[5]]).toEqual([1, 1, 0]);
    // One that is free stays so.
    labels.clear(5);
    labels.clear(77);
    expect([labels.liveCount, freedIn(labels), allOf(labels)]).toEqual([1, [1, 5], [0, 1, 120]]);
    labels.clear(0);
    expect([labels.liveCount, labels.highWater, labels.allBytes]).toEqual([0, 0, 0]);
  });

  it('taken again between two frames are two changes', () => {
    const labels = new SlotLabels();
    labels.set(0, label('a'));
    labels.forgetChanges();
    labels.clear(0);
    labels.set(0, label('b'));
    expect(changesOf(labels)).toEqual([0, 0, 0, 0, 0, 1, 98]);
  });

  it('that change too often are told only as a whole', () => {
    const labels = new SlotLabels();
    labels.set(0, label('stays'));
    labels.forgetChanges();
    for (let turn = 0; turn < 65536; turn++) labels.set(0, label(turn % 2 === 0 ? 'a' : 'b'));
    expect([labels.overflowed, labels.changesBytes]).toEqual([false, 3 * 65536]);
    labels.set(0, label('c'));
    expect([labels.overflowed, labels.changesBytes, changesOf(labels)]).toEqual([true, 0, []]);
    labels.set(1, label('d'));
    expect([labels.overflowed, labels.changesBytes, allOf(labels)]).toEqual([true, 0, [0, 1, 99, 1, 1, 100]]);
    labels.forgetChanges();
    labels.set(2, label('e'));
    expect([labels.overflowed, changesOf(labels)]).toEqual([false, [2, 0, 2, 1, 101]]);
  });
});
