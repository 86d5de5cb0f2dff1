import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeIdentity, encodeIdentity, MAX_COMM } from '../engine/identity.js';
import { ARRIVAL_LABEL, arrivalOf, decodeEvent, EventType, encodeEvent, nameParts, type TideEvent } from './events.js';

const bytes = (text: string) => new TextEncoder().encode(text);

const EVENTS: TideEvent[] = [
  { type: 'clock', realNs: '1700000000000000000', boottimeNs: '5' },
  { type: 'arrive', pid: 1, startTicks: 2, parentPid: 0, kernelThread: false, comm: 'a\n"', commHex: '610a22' },
  { type: 'depart', pid: 1, startTicks: 2 },
  { type: 'rename', pid: 1, startTicks: 2, comm: 'b' },
  { type: 'exec', pid: 1, startTicks: 2, comm: 'c', exe: '/bin/c', args: ['c', '-x'] },
  { type: 'mark', name: 'begin of \u2028 phase' },
  { type: 'begin', name: 'x', span: 3 },
  { type: 'end', span: 3 },
  { type: 'gap', reason: 'late', ticks: 4, rows: 8 },
  { type: 'drop', tier: 'counters', reason: 'key-too-large', rows: 9 },
  { type: 'audit', checked: 10, mismatches: 0 },
  { type: 'close', reason: 'stopped' },
  { type: 'fork', pid: 1, startTicks: 2, parentPid: 3, comm: 'sh' },
  { type: 'ran', pid: 1, startTicks: 2, comm: 'true' },
  { type: 'exit', pid: 1, startTicks: 2, comm: 'true', exitStatus: 256, peak: 4096, cpuNs: 5 },
  { type: 'lives', isHeard: true, reason: '', told: 3, lost: 0, byEvent: 1, mayBeMissed: 0 },
  { type: 'budget', hz: 0.5, asked: 0.01, seconds: 60, used: 0.0101, deep: 0.004, reason: 'a tick takes 8 ms' },
  { type: 'peaks', isOn: false, reason: 'x' },
  { type: 'highWater', pid: 1, startTicks: 2, comm: 'true', peak: 4096 },
  {
    ...{ type: 'v8Heap', pid: 1, startTicks: 2, thread: 0, used: 5, total: 8, physical: 7, external: 3, malloced: 2 },
    ...{ limit: 2 ** 32, spaces: { new: [1, 2], old: [4, 6] } },
  },
  { type: 'v8Gc', pid: 1, startTicks: 2, thread: 3, kind: 'scavenge', pauseNs: 5, usedBefore: 9, usedAfter: 4 },
  { type: 'groupLimit', path: '/a/b', max: 2 ** 29, current: 4096, peak: 8192, oomKills: 1 },
  { type: 'processLimit', pid: 1, startTicks: 2, comm: 'true', addressSpace: 2 ** 30, group: '/a/b' },
  { type: 'resume', reason: 'upgrade', from: '0.1.0', to: '0.2.0', bootId: 'b', pid: 7 },
];

describe('events', () => {
  it.each(EVENTS)('$type is read as it was written', (event) => {
    expect(decodeEvent(EventType[event.type], encodeEvent(event))).toEqual(event);
  });

  it('has a test for each type, and a number for each that nothing else has', () => {
    expect(EVENTS.map(({ type }) => type).sort()).toEqual(Object.keys(EventType).sort());
    expect(new Set(Object.values(EventType)).size).toBe(EVENTS.length);
  });

  it('are skipped when a later version wrote them', () => {
    expect(decodeEvent(60_000, bytes('{}'))).toBeUndefined();
    expect(decodeEvent(65535, bytes('{}'))).toBeUndefined();
    const more = decodeEvent(EventType.mark, bytes('{"name":"x","colour":"red"}'));
    expect(more).toEqual({ type: 'mark', name: 'x', colour: 'red' });
  });

  it.each([null, [], { new: 3 }, { new: [1] }, { new: [1, 'x'] }])(
    'are damaged with spaces of a heap like %j',
    (spaces) => {
      const heap = EVENTS.find(({ type }) => type === 'v8Heap')!;
      expect(decodeEvent(EventType.v8Heap, bytes(JSON.stringify({ ...heap, spaces })))).toBeUndefined();
    },
  );

  it.each([
    ['nothing', ''],
    ['no JSON', '{"name":'],
    ['null', 'null'],
    ['a number', '3'],
    ['an array', '["x"]'],
    ['no name', '{}'],
    ['a name that is none', '{"name":3}'],
  ])('are damaged when there is %s', (_what, text) => {
    expect(decodeEvent(EventType.mark, bytes(text))).toBeUndefined();
  });

  it('are damaged when a reader would stumble over their times', () => {
    for (const realNs of ['', 'now', '1.5', '1e9', '12345678901234567890']) {
      const text = JSON.stringify({ realNs, boottimeNs: '0' });
      expect(decodeEvent(EventType.clock, bytes(text))).toBeUndefined();
    }
  });

  it('never make a reader throw', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.uint8Array({ maxLength: 80 }), (type, payload) => {
        decodeEvent(type, payload);
      }),
    );
    fc.assert(
      fc.property(fc.nat(20), fc.json(), (type, text) => {
        const event = decodeEvent(type, bytes(text));
        if (event?.type === 'clock') BigInt(event.realNs);
      }),
    );
  });
});

describe('names', () => {
  it('have a hex form only when they are not text', () => {
    expect(nameParts(bytes('ä b'))).toEqual({ comm: 'ä b' });
    const parts = nameParts(Uint8Array.of(0x61, 0xff, 0x62));
    expect(parts).toMatchObject({ commHex: '61ff62' });
    expect(parts.comm).toMatch(/^a.+b$/);
  });

  it('are part of an arrival', () => {
    const identity = { pid: 7, startTicks: 8, parentPid: 1, kernelThread: true, comm: Uint8Array.of(0xc3) };
    expect(arrivalOf(identity)).toMatchObject({
      type: 'arrive',
      pid: 7,
      startTicks: 8,
      kernelThread: true,
      commHex: 'c3',
    });
  });
});

describe('the label of a slot', () => {
  const identity = fc.record({
    pid: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    startTicks: fc.maxSafeNat(),
    parentPid: fc.nat(2 ** 31 - 1),
    kernelThread: fc.boolean(),
    comm: fc.uint8Array({ maxLength: MAX_COMM }),
  });

  it('is read as it was written, also with something behind it', () => {
    fc.assert(
      fc.property(identity, fc.uint8Array({ maxLength: 9 }), (one, later) => {
        const label = encodeIdentity(one);
        expect(decodeIdentity(label)).toEqual(one);
        expect(decodeIdentity(Uint8Array.of(...label, ...later))).toEqual(one);
      }),
    );
  });

  it('is damaged when it is cut, and never makes a reader throw', () => {
    const label = encodeIdentity({ pid: 1, startTicks: 2, parentPid: 3, kernelThread: false, comm: bytes('name') });
    for (let length = 0; length < label.length; length++)
      expect(decodeIdentity(label.subarray(0, length))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (garbage) => {
        decodeIdentity(garbage);
      }),
    );
  });

  it('cuts a name that is too long', () => {
    const comm = new Uint8Array(200).fill(65);
    const one = decodeIdentity(encodeIdentity({ pid: 1, startTicks: 2, parentPid: 3, kernelThread: false, comm }));
    expect(one!.comm).toEqual(comm.subarray(0, MAX_COMM));
  });
});

it('reads an arrival from the label of its slot, and nothing from half of one', () => {
  const comm = Uint8Array.of(0x61, 0xff, 0x22);
  const label = encodeIdentity({ pid: 7, startTicks: 2 ** 40, parentPid: 3, kernelThread: true, comm });
  expect(decodeEvent(ARRIVAL_LABEL, label)).toEqual({
    type: 'arrive',
    pid: 7,
    startTicks: 2 ** 40,
    parentPid: 3,
    kernelThread: true,
    comm: 'a\ufffd"',
    commHex: '61ff22',
  });
  expect(decodeEvent(ARRIVAL_LABEL, label.subarray(0, -1))).toBeUndefined();
});
