import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Author, METADATA, someone } from '../../test/recorder/synthetic.js';
import { cutRecording } from '../recording/cut.js';
import { openRecording, type Recording } from '../recording/recording.js';
import { FORMAT_MAJOR } from '../ring/layout.js';
import { recordingInfoJson, recordingInfoLines } from './recording-info.js';

function recorded(hostile = false) {
  const host = { ...METADATA.host, hostname: '\x1b[31mevil\nhost' };
  const author = new Author(hostile ? { metadata: { host, target: 'comm matches /\x07/' } } : {});
  author.arrive(0, someone(1));
  author.set(0, { rss: 4096 });
  author.sweep();
  author.sweep({ missed: 2 });
  author.close();
  return author.open();
}

describe('what a recording holds', () => {
  it('names a few of many pids', () => {
    const target = `pids ${Array.from({ length: 2000 }, (_, index) => index + 1000).join(',')}`;
    const author = new Author({ metadata: { target } });
    author.sweep();
    const recording = author.open();
    const line = recordingInfoLines(recording, recording.summary()).find((one) => one.startsWith('target'));
    expect(line).toMatch(/^target {5}pids 1000,1001,[\d,]+,\.\.\. \(2000 in all\)$/);
    expect(line!.length).toBeLessThan(140);
    expect(recordingInfoJson(recording, recording.summary())).toMatchObject({ target });
  });

  it('is the documented JSON', () => {
    const recording = recorded();
    const info = recordingInfoJson(recording, recording.summary());
    expect(info).toMatchObject({
      schema: 1,
      engine: 'ts',
      startedAt: expect.stringMatching(/^2023-11-1\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d)$/),
      ticks: { hz: 10, expected: 4, recorded: 2, missed: 2 },
      points: 2,
      // The header and one block for each of the rings that was written, of the 4 MiB that there are.
      bytes: 16384 + 3 * 65536,
      bytesPerPoint: (16384 + 3 * 65536) / 2,
      pointsPerSecond: expect.any(Number),
      density: { idleFrameBytes: 40, bytesPerChange: null, keyBytesPerProcess: expect.any(Number) },
      format: { version: FORMAT_MAJOR, known: FORMAT_MAJOR, unknownFrames: 0 },
      coverage: { attempted: 4, stored: 2, dropped: { 'missed-tick': 2 } },
      damage: [],
    });
    expect(Date.parse(info.startedAt as string)).toBe(1_700_000_000_000);
  });

  it('says how long the file lasts where somebody may go on in it, with the hours where there are any', () => {
    const author = new Author();
    author.arrive(0, someone(1));
    for (let tick = 0; tick < 30; tick++) {
      author.set(0, { rss: tick * 4096 });
      author.sweep();
    }
    author.close();
    const recording = author.open();
    const keeps = (one: Recording) =>
      recordingInfoLines(one, one.summary())
        .find((line) => line.startsWith('keeps'))
        ?.slice(11);
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-info-'));
    try {
      cutRecording(recording, path.join(folder, 'part.tide'), { from: recording.endNs - 1_000_000_000n });
      using part = openRecording(path.join(folder, 'part.tide'));
      expect(part.retention()).toMatchObject([{ step: 'full', secondsAtPresentRate: null }]);
      expect(keeps(part)).toMatch(/^every tick: 1\.00s now, at [\d.]+ \w+\/s$/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const [kept] = recording.retention();
    expect(kept!.secondsAtPresentRate).toBeGreaterThan(3600);
    expect(keeps(recording)).toMatch(/^every tick: 2\.90s now, \S+ \(\d+\.\d h\) when full at the present /);
    recording.retention = () => [{ ...kept!, secondsAtPresentRate: 137 }];
    expect(keeps(recording)).toMatch(/ now, 2m17s when full at the present /);
  });

  it('has no quotient of nothing', () => {
    const author = new Author();
    author.close();
    const recording = author.open();
    const info = JSON.stringify(recordingInfoJson(recording, recording.summary()));
    expect(JSON.parse(info)).toMatchObject({ points: 0, bytesPerPoint: null, ticks: { latenessMs: { p50: null } } });
    expect(recordingInfoLines(recording, recording.summary()).join('\n')).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  it('is shown on lines of its own, one fact each, whatever the header says', () => {
    const recording = recorded(true);
    const lines = recordingInfoLines(recording, recording.summary());
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'host',
      'target',
      'engine',
      'started',
      'ticks',
      'processes',
      'points',
      'density',
      'coverage',
      'keeps',
      'audit',
      'cost',
      'damage',
    ]);
    expect(lines.join('')).not.toMatch(/[\x00-\x1f]/);
    expect(lines[0]).toContain(String.raw`\x1B[31mevil\x0Ahost`);
    expect(lines[4]).toBe('ticks      2 of 4 at 10 Hz, 2 missed, late by 0.001 ms median, 0.001 ms p99, 0.001 ms most');
    expect(lines[7]).toMatch(
      /^density {4}a tick in which nothing changed 40 bytes, the key of a block [\d.]+ per process$/,
    );
    expect(lines[8]).toBe('coverage   2 of 4 rows; not: 2 missed-tick');
  });
});
