/** The page by the library as it is shipped: an async iterable and streams of two kinds, and the same as the command writes. */
import { createWriteStream, readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { exportReport, openRecording, writeReport } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { writeStory } from './story.js';

const folder = scratch();
const file = folder.file('story.tide');
beforeAll(() => writeStory(file));
afterAll(() => folder[Symbol.dispose]());

describe('the page by the library', () => {
  it('is what the command writes, as an iterable, in a Node stream and in a web stream', async () => {
    const { stdout: page } = await runTidemark(['report', file]);
    using recording = openRecording(file);
    const title = 'story.tide';
    const pieces: Uint8Array[] = [];
    for await (const piece of exportReport(recording, { title })) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe(page);
    await writeReport(recording, { title }, createWriteStream(folder.file('out.html')));
    expect(readFileSync(folder.file('out.html'), 'utf8')).toBe(page);
    let text = '';
    let isClosed = false;
    const web = new WritableStream<Uint8Array>({
      write: (piece) => {
        text += Buffer.from(piece).toString();
      },
      close: () => {
        isClosed = true;
      },
    });
    await writeReport(recording, { title }, web);
    expect(text).toBe(page);
    expect(isClosed).toBe(true);
  });

  it('fails with what the stream fails with, and refuses a title that is none', async () => {
    using recording = openRecording(file);
    const failing = new Writable({ write: (_piece, _encoding, done) => done(new Error('no more')) });
    await expect(writeReport(recording, {}, failing)).rejects.toThrow('no more');
    await expect(exportReport(recording, { title: 7 as never }).next()).rejects.toThrow(
      'Expected the "title" option to be a string, got 7',
    );
  });
});
