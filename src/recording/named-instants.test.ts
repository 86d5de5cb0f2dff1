/** Marks and spans of recordings whose ticks are known, found by their names. */
import { describe, expect, it } from 'vitest';
import { Author, someone, unixOf } from '../../test/recorder/synthetic.js';
import type { TideEvent } from './events.js';
import { instantWithin, parseInstant } from './instants.js';
import type { Recording } from './recording.js';

/** Twenty ticks of a tenth of a second, with events at some of them. */
function recorded(events: Record<number, TideEvent>): Recording {
  const author = new Author();
  author.arrive(0, someone(10));
  author.set(0, { rss: 4096 });
  for (let tick = 0; tick < 20; tick++) {
    const event = events[tick];
    if (event) author.writer.event(author.nowNs, event);
    author.sweep();
  }
  author.close();
  return author.open();
}

const begin = (name: string, span: number): TideEvent => ({ type: 'begin', name, span });
const end = (span: number): TideEvent => ({ type: 'end', span });
const mark = (name: string): TideEvent => ({ type: 'mark', name });

describe('a span', () => {
  const recording = () => recorded({ 3: begin('load', 1), 5: begin('other', 2), 9: end(1), 12: end(2) });

  it('has two ends, which are named', () => {
    expect(parseInstant(recording(), 'load begins')).toMatchObject({ timeNs: unixOf(3), isMark: true });
    expect(parseInstant(recording(), 'load ends')).toMatchObject({ timeNs: unixOf(9), isMark: true });
    expect(instantWithin(recording(), 'other ends').timeNs).toBe(unixOf(12));
    expect(() => parseInstant(recording(), 'loads ends')).toThrow(/"loads ends" is not a time/);
    expect(() => parseInstant(recording(), 'load end')).toThrow(/is not a time/);
  });

  it('by its name alone is the end that is asked for', () => {
    expect(parseInstant(recording(), 'load').timeNs).toBe(unixOf(3));
    expect(parseInstant(recording(), 'load', 'begin').timeNs).toBe(unixOf(3));
    expect(parseInstant(recording(), 'load', 'end').timeNs).toBe(unixOf(9));
    expect(parseInstant(recording(), 'load begins', 'end').timeNs).toBe(unixOf(3));
    expect(parseInstant(recording(), 'load', 'end').choice).toBeUndefined();
  });

  it('of several of one name is the one that began last, at both ends', () => {
    // The first ends after the second, and numbers begin anew with another writer.
    const several = recorded({
      2: begin('load', 1),
      4: begin('load', 2),
      6: end(2),
      10: end(1),
      12: begin('x', 1),
      14: end(1),
    });
    expect(parseInstant(several, 'load', 'begin')).toMatchObject({
      timeNs: unixOf(4),
      choice: expect.stringMatching(/^2 spans are called "load"; the latest is taken, of /),
    });
    expect(parseInstant(several, 'load ends').timeNs).toBe(unixOf(6));
    const again = recorded({ 2: begin('load', 1), 4: end(1), 8: begin('x', 1), 12: end(1) });
    expect(parseInstant(again, 'load ends').timeNs).toBe(unixOf(4));
    const mixed = recorded({ 2: begin('load', 1), 4: end(1), 8: mark('load') });
    expect(parseInstant(mixed, 'load', 'end')).toMatchObject({
      timeNs: unixOf(8),
      choice: expect.stringMatching(/^2 marks and spans are called "load"/),
    });
  });

  it('that was not ended goes to the end of the recording, and says so', () => {
    const open = recorded({ 3: begin('load', 1) });
    for (const [text, edge] of [
      ['load', 'end'],
      ['load ends', 'begin'],
    ] as const) {
      expect(parseInstant(open, text, edge)).toMatchObject({
        timeNs: unixOf(19),
        choice: 'the span "load" has no end; the end of the recording is taken',
      });
    }
    expect(parseInstant(open, 'load').choice).toBeUndefined();
  });
});

describe('a mark', () => {
  it('may be called like the end of a span, and is meant then', () => {
    const both = recorded({ 3: begin('load', 1), 6: mark('load ends'), 9: end(1) });
    expect(parseInstant(both, 'load ends')).toMatchObject({ timeNs: unixOf(6) });
    expect(parseInstant(both, 'load ends').choice).toBeUndefined();
  });

  it('has one instant, whichever end is asked for', () => {
    expect(parseInstant(recorded({ 6: mark('gc') }), 'gc', 'end').timeNs).toBe(unixOf(6));
    expect(() => parseInstant(recorded({ 6: mark('gc') }), 'gc ends')).toThrow(/is not a time/);
  });
});
