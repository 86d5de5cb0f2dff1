/** What may be merged and what holds the same: copies, parts, what was merged before, and recordings that only look alike. */
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { Author, METADATA, someone, unixOf } from '../../test/recorder/synthetic.js';
import { scratch } from '../../test/recorder/workload.js';
import { cutRecording } from './cut.js';
import { mergeRecordings } from './merge.js';
import { SameRecordingError } from './merge-overlap.js';
import { openRecording } from './recording.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
let files = 0;

function record(name: string, { bootId = 'boot', pid = 1, ticks = 40, skip = 0 } = {}): string {
  const author = new Author({
    metadata: { host: { ...METADATA.host, bootId }, writer: { ...METADATA.writer, pid } },
  });
  author.tick = skip;
  author.arrive(0, someone(10));
  for (let tick = 0; tick < ticks; tick++) {
    author.set(0, { rss: tick * 4096 });
    author.sweep();
  }
  author.close();
  const file = folder.file(name);
  writeFileSync(file, new Uint8Array(author.buffer));
  return file;
}

function cut(file: string, from: number, to: number): string {
  using recording = openRecording(file);
  const part = folder.file(`part${++files}.tide`);
  cutRecording(recording, part, { from: unixOf(from), to: unixOf(to) });
  return part;
}

/** The file that it was merged into, or the error. */
function merge(...paths: string[]): string | SameRecordingError {
  const into = folder.file(`merged${++files}.tide`);
  const recordings = paths.map((path) => openRecording(path));
  try {
    mergeRecordings(recordings, into);
    return into;
  } catch (error) {
    expect(existsSync(into)).toBe(false);
    return error as SameRecordingError;
  } finally {
    for (const recording of recordings) recording.close();
  }
}

function framesOf(merged: string | SameRecordingError): number {
  using recording = openRecording(merged as string);
  return recording.summary().ticks.recorded;
}

const whole = record('whole.tide');
const other = record('other.tide', { bootId: 'other' });

describe('recordings that hold the same', () => {
  it('are refused by their names: one twice, and its copy', () => {
    const copy = folder.file('copy.tide');
    copyFileSync(whole, copy);
    for (const twin of [whole, copy]) {
      const refused = merge(other, whole, twin);
      expect(refused).toBeInstanceOf(SameRecordingError);
      expect(refused).toMatchObject({
        code: 'same-recording',
        places: [1, 2],
        message: `${whole} and ${twin} are one recording: what both have would be counted twice`,
      });
    }
  });

  it('are refused where they are parts that overlap, with the stretch', () => {
    const [early, late] = [cut(whole, 0, 20), cut(whole, 15, 39)];
    expect((merge(late, early) as Error).message).toMatch(
      /^\S+ and \S+ are of one recording and overlap from 2023-11-14\S* to 2023-11-14\S*, which would be counted twice: cut/,
    );
    expect(merge(whole, early)).toBeInstanceOf(SameRecordingError);
    expect(merge(cut(whole, 0, 20), cut(whole, 20, 39))).toBeInstanceOf(SameRecordingError);
  });

  it('are refused where one of them is in what was merged before', () => {
    const merged = merge(whole, other) as string;
    expect(merge(merged, whole)).toBeInstanceOf(SameRecordingError);
    expect(merge(cut(whole, 10, 12), merged)).toBeInstanceOf(SameRecordingError);
    expect(merge(merged, merged)).toBeInstanceOf(SameRecordingError);
    expect(merge(merged, merge(whole, record('third.tide', { bootId: 'third' })) as string)).toBeInstanceOf(
      SameRecordingError,
    );
  });
});

describe('recordings that do not', () => {
  it('are merged: parts that follow each other, hosts, and runs of one host', () => {
    expect(framesOf(merge(cut(whole, 0, 19), cut(whole, 20, 39)))).toBe(40);
    expect(framesOf(merge(whole, other))).toBe(80);
    expect(framesOf(merge(whole, record('run.tide', { pid: 2 })))).toBe(80);
    expect(framesOf(merge(whole, record('later.tide', { skip: 100 })))).toBe(80);
    const apart = record('apart.tide', { bootId: 'apart', skip: 200 });
    expect(framesOf(merge(merge(cut(whole, 0, 19), apart) as string, cut(whole, 20, 39)))).toBe(80);
  });

  it('are merged where nobody can tell their boot', () => {
    const [one, two] = [record('none.tide', { bootId: '' }), record('none-too.tide', { bootId: '' })];
    expect(framesOf(merge(one, two))).toBe(80);
    expect(merge(one, one)).toBeInstanceOf(SameRecordingError);
  });
});
