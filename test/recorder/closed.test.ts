/** A recording that was closed: the number of its descriptor is soon that of another file. */
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportCsv } from '../../src/export/csv.js';
import { cutRecording } from '../../src/recording/cut.js';
import { openRecording, type Recording } from '../../src/recording/recording.js';
import { knownAuthor } from '../export/known-recording.js';
import { scratch } from './workload.js';

const folder = scratch();
const [file, other] = [folder.file('closed.tide'), folder.file('other.tide')];
beforeAll(() => {
  writeFileSync(file, new Uint8Array(knownAuthor().buffer));
  writeFileSync(other, new Uint8Array(knownAuthor({ hostname: 'other', ticks: 3 }).buffer));
});
afterAll(() => folder[Symbol.dispose]());

const someone = { pid: 100, startTicks: 200 };
const READS: Record<string, (recording: Recording) => unknown> = {
  processes: (recording) => recording.processes(),
  series: (recording) => recording.series(someone, 'rss'),
  at: (recording) => recording.at(recording.endNs),
  hostAt: (recording) => recording.hostAt(),
  hostSeries: (recording) => recording.hostSeries('hostMemFree'),
  groups: (recording) => recording.groups(),
  frames: (recording) => [...recording.frames()],
  walk: (recording) => recording.walk(),
  marks: (recording) => recording.marks(),
  v8: (recording) => recording.v8(),
  mappingsOf: (recording) => recording.mappingsOf(someone),
  retention: (recording) => recording.retention(),
  summary: (recording) => recording.summary(),
  density: (recording) => recording.density(),
  events: (recording) => recording.events(),
  lostEvents: (recording) => recording.lostEvents(),
  clock: (recording) => recording.clock(),
  endNs: (recording) => recording.endNs,
  usedBytes: (recording) => recording.usedBytes,
  sizeBytes: (recording) => recording.sizeBytes,
  owner: (recording) => recording.owner,
  exportCsv: (recording) => [...exportCsv(recording)],
  cutRecording: (recording) => cutRecording(recording, folder.file(`${Math.random()}.tide`)),
};

describe.each(['another recording', 'nothing'])('a closed recording, its descriptor taken by %s', (taken) => {
  it.each(Object.entries(READS))('says so at %s', (_, read) => {
    const recording = openRecording(file);
    // What is found once may be kept.
    read(recording);
    recording.close();
    recording.close();
    const fd = taken === 'nothing' ? undefined : openSync(other, 'r');
    try {
      const closed = expect.objectContaining({
        name: 'StorageError',
        code: 'closed',
        message: `Cannot use ${file} any more: it was closed`,
      });
      expect(() => read(recording)).toThrow(closed);
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  });
});
