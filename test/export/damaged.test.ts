/** Every export of recordings with damage: what can be read is written, and nothing else is thrown than what says why. */
import { describe, expect, it } from 'vitest';
import { ExportError } from '../../src/export/export-error.js';
import { EXPORT_FORMATS, TABLE_FORMATS } from '../../src/export/export-request.js';
import { exportRecording } from '../../src/export/formats.js';
import { NotARecordingError } from '../../src/recording/format.js';
import { openSharedRecording } from '../../src/recording/recording.js';
import { RingFormatError } from '../../src/ring/ring-format-error.js';
import { Author, someone } from '../recorder/synthetic.js';
import { Random } from '../torture/random.js';
import { knownAuthor } from './known-recording.js';

const whole = new Uint8Array(knownAuthor().buffer).slice();
const TRIALS = 12;

async function exportAll(buffer: SharedArrayBuffer): Promise<Record<string, number>> {
  using recording = openSharedRecording(buffer);
  const lengths: Record<string, number> = {};
  for (const format of EXPORT_FORMATS) {
    lengths[format] = 0;
    for (const table of TABLE_FORMATS.includes(format) ? (['samples', 'mappings'] as const) : (['samples'] as const)) {
      for await (const piece of exportRecording(recording, { format, table })) lengths[format] += piece.length;
    }
  }
  return lengths;
}

function shared(bytes: Uint8Array): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

describe('a recording with damage', () => {
  it('is exported as far as it can be read', async () => {
    const random = new Random(11);
    const end = whole.findLastIndex((byte) => byte !== 0);
    let readable = 0;
    for (let trial = 0; trial < TRIALS; trial++) {
      const bytes = whole.slice();
      for (let flip = 0; flip <= trial % 8; flip++) bytes[random.below(end)] = random.below(256);
      try {
        const lengths = await exportAll(shared(bytes));
        for (const format of EXPORT_FORMATS) expect([format, lengths[format]! > 20]).toEqual([format, true]);
        readable++;
      } catch (error) {
        if (error instanceof RingFormatError || error instanceof NotARecordingError) continue;
        throw error;
      }
    }
    expect(readable).toBeGreaterThan(TRIALS / 2);
  }, 120_000);
});

describe('values that no kernel reports', () => {
  it('are written as near as the format can, and stop nothing', async () => {
    const odd = [
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      -1,
      -4096.5,
      0.5,
      2 ** 63,
      2 ** 64,
      1e300,
      -1e300,
      -0,
    ];
    const author = new Author({ metadata: { mappings: '1' } });
    odd.forEach((value, slot) => {
      author.arrive(slot, someone(10 + slot));
      author.set(slot, { rss: value, parentPid: value, userTime: value, threads: value });
    });
    author.sweep();
    author.deep([0, 1, 2], { pss: Number.POSITIVE_INFINITY, uss: -1 });
    author.sweep();
    author.close();
    const recording = author.open();
    for (const format of EXPORT_FORMATS) {
      let length = 0;
      for await (const piece of exportRecording(recording, { format })) length += piece.length;
      expect([format, length > 20]).toEqual([format, true]);
    }
  });
});

describe('a recording with nothing in it, or next to nothing', () => {
  it.each([0, 1])('of %i ticks is exported all the same', async (ticks) => {
    const author = new Author({ metadata: { mappings: '1' } });
    for (let tick = 0; tick < ticks; tick++) {
      if (tick === 0) author.arrive(0, someone(10));
      author.sweep();
    }
    author.close();
    const lengths = await exportAll(author.buffer);
    const { jsonl, ...rest } = lengths;
    expect(Object.entries(rest).filter(([, length]) => length === 0)).toEqual([]);
    expect(jsonl! > 0).toBe(ticks > 0);
  });

  it('without mappings has no profile', async () => {
    const author = new Author();
    author.close();
    await expect(exportRecording(author.open(), { format: 'pprof' }).next()).rejects.toBeInstanceOf(ExportError);
  });
});
