/** `--from --to --last` of the commands that read a recording: what they say of times that are ambiguous or not there. */
import { openRecording } from 'tidemark';
import { afterAll, describe, expect, it } from 'vitest';
import { FileStorage } from '../src/ring/file-storage.js';
import { Author, MONOTONIC, someone } from './recorder/synthetic.js';
import { scratch } from './recorder/workload.js';
import { runTidemark } from './tidemark-process.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());

/** From 00:10 to 02:39 UTC of the night in which Berlin goes back to winter time, a tick a minute. */
const night = folder.file('night.tide');
{
  const realNs = BigInt(Date.parse('2025-10-26T00:10:00Z')) * 1_000_000n;
  const startedAt = { monotonicNs: `${MONOTONIC}`, realNs: `${realNs}`, boottimeNs: '0' };
  const author = new Author({ storage: FileStorage.create(night, 2 ** 22), metadata: { startedAt, hz: 1 / 60 } });
  author.arrive(0, someone(10));
  for (let minute = 0; minute < 150; minute++) {
    author.tick = minute * 600;
    author.set(0, { rss: (1 + minute) * 2 ** 20 });
    if (minute === 30) author.writer.event(author.nowNs, { type: 'begin', name: 'load', span: 1 });
    if (minute === 50) author.writer.event(author.nowNs, { type: 'end', span: 1 });
    author.sweep();
  }
  author.close(true);
}
const env = { TZ: 'Europe/Berlin' };
const TWICE =
  'clocks went back and showed 02:30 twice, at 2025-10-26T02:30:00+02:00 and at 2025-10-26T02:30:00+01:00; the later is taken';

const rowsOf = (csv: string) => csv.trimEnd().split('\n').slice(1);

describe('times', () => {
  it('that were shown twice are the later ones, and the sentence says so on stderr', async () => {
    const words = ['export', night, '--format', 'csv', '--metric', 'rss'];
    const later = await runTidemark([...words, '--from', '02:30'], { env });
    expect(later).toMatchObject({ code: 0, stderr: `tidemark export: --from: ${TWICE}\n` });
    expect(rowsOf(later.stdout)).toHaveLength(70);
    const exact = await runTidemark([...words, '--from', '2025-10-26T02:30:00+01:00'], { env });
    expect(exact).toEqual({ ...later, stderr: '' });
    // Where clocks do not go back there is nothing to choose.
    const utc = await runTidemark([...words, '--from', '01:30'], { env: { TZ: 'UTC' } });
    expect(utc).toEqual({ ...later, stderr: '' });
  });

  it('count from the end', async () => {
    const last = await runTidemark(['export', night, '--format', 'csv', '--last', '10m']);
    expect(last.stderr).toBe('');
    expect(rowsOf(last.stdout)).toHaveLength(11);
    const growth = await runTidemark(['growth', night, '--last', '1h', '--json']);
    expect(JSON.parse(growth.stdout).rows[0]).toMatchObject({ first: 90 * 2 ** 20, last: 150 * 2 ** 20 });
  });

  it('are the two ends of a span, by its name', async () => {
    const ends = { first: 31 * 2 ** 20, last: 51 * 2 ** 20 };
    for (const range of [
      ['--from', 'load', '--to', 'load'],
      ['--from', 'load begins', '--to', 'load ends'],
    ]) {
      const growth = await runTidemark(['growth', night, ...range, '--json']);
      expect(growth).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(growth.stdout).rows).toMatchObject([ends]);
      const csv = await runTidemark(['export', night, '--format', 'csv', '--metric', 'rss', ...range]);
      expect(rowsOf(csv.stdout)).toHaveLength(21);
      const cut = folder.file('load.tide');
      expect(await runTidemark(['cut', night, '-o', cut, '--force', ...range])).toMatchObject({ code: 0, stderr: '' });
      using recording = openRecording(cut);
      expect(recording.summary().ticks.recorded).toBe(21);
    }
  });

  it('between which there is no frame are refused', async () => {
    const range = ['--from', '2025-10-26T02:30:10+02:00', '--to', '2025-10-26T02:30:20+02:00'];
    const growth = await runTidemark(['growth', night, ...range], { env });
    const sentence = 'no frame lies between 2025-10-26T02:30:10.000+02:00 and 2025-10-26T02:30:20.000+02:00';
    expect(growth).toMatchObject({ code: 2, stdout: '', stderr: `tidemark growth: ${sentence}\n` });
    const csv = await runTidemark(['export', night, '--format', 'csv', '--metric', 'rss', ...range], { env });
    expect(csv).toMatchObject({ code: 0, stderr: `tidemark export: ${sentence}\n` });
  });

  it('choose what a report is of', async () => {
    const out = folder.file('night.html');
    const report = await runTidemark(['report', night, '-o', out, '--from', '03:00', '--to', '03:10'], { env });
    expect(report).toMatchObject({ code: 0, stderr: '' });
    const cut = folder.file('cut.tide');
    await runTidemark(['cut', night, '--from', '03:00', '--to', '03:10', '-o', cut], { env });
    using recording = openRecording(cut);
    expect(recording.summary().ticks.recorded).toBe(11);
  });

  it('that the recording does not reach are refused with its span, and its zone', async () => {
    const span = 'from 2025-10-26T02:10:00.000+02:00 to 2025-10-26T03:39:00.000+01:00';
    const late = ['--from', '2030-01-01T00:00:00Z'];
    for (const words of [
      ['cut', night, '-o', folder.file('no.tide')],
      ['growth', night],
      ['report', night],
    ]) {
      const { code, stdout, stderr } = await runTidemark([...words, ...late], { env });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toBe(
        `tidemark ${words[0]}: nothing is recorded from 2030-01-01T01:00:00.000+01:00 on; the recording is ${span}\n`,
      );
    }
    const cut = folder.file('minute.tide');
    await runTidemark(['cut', night, '--last', '5m', '-o', cut], { env });
    const { code, stderr } = await runTidemark(['growth', cut, '--to', '02:30'], { env });
    expect(code).toBe(2);
    expect(stderr).toMatch(/nothing is recorded up to .*02:30:00\.000\+01:00; .*; it was cut from a longer one\n$/);
  });

  it('must not contradict each other', async () => {
    const both = await runTidemark(['growth', night, '--last', '10m', '--to', '-1m']);
    expect(both).toMatchObject({ code: 2, stderr: 'tidemark growth: --last excludes --from and --to\n' });
    const turned = await runTidemark(['report', night, '--from', '-1m', '--to', '-2m']);
    expect(turned).toMatchObject({ code: 2, stderr: 'tidemark report: --from: it is later than --to\n' });
  });
});
