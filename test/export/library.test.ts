/** Every format by the library as it is shipped: async iterables, streams of two kinds, and what is loaded for them. */
import { spawnSync } from 'node:child_process';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { EXPORT_FORMATS, exportCsv, exportRecording, openRecording, writeExport } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../recorder/workload.js';
import { knownAuthor } from './known-recording.js';

const ENTRY = new URL('../../dist/index.js', import.meta.url).href;
const folder = scratch();
const file = folder.file('a.tide');
beforeAll(() => {
  writeFileSync(file, new Uint8Array(knownAuthor().buffer));
});
afterAll(() => folder[Symbol.dispose]());

async function bytesOf(format: (typeof EXPORT_FORMATS)[number]): Promise<Buffer> {
  using recording = openRecording(file);
  const pieces: Uint8Array[] = [];
  for await (const piece of exportRecording(recording, { format })) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe.each(EXPORT_FORMATS)('%s', (format) => {
  it('is the same as an iterable, in a Node stream and in a web stream', async () => {
    const bytes = await bytesOf(format);
    expect(bytes.length).toBeGreaterThan(100);
    using recording = openRecording(file);
    const out = folder.file(`out.${format}`);
    await writeExport(recording, { format }, createWriteStream(out));
    expect(readFileSync(out).equals(bytes)).toBe(true);
    const pieces: Uint8Array[] = [];
    let isClosed = false;
    const web = new WritableStream<Uint8Array>({
      write: (piece) => {
        pieces.push(Buffer.from(piece));
      },
      close: () => {
        isClosed = true;
      },
    });
    await writeExport(recording, { format }, web);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
    expect(isClosed).toBe(true);
  });

  it('stops when nobody reads on, and when the stream fails', async () => {
    using recording = openRecording(file);
    for await (const piece of exportRecording(recording, { format })) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    const failing = new Writable({
      write: (_piece, _encoding, done) => done(new Error('no more')),
    });
    await expect(writeExport(recording, { format }, failing)).rejects.toThrow('no more');
  });
});

describe('a stream', () => {
  it('is given no more than it takes', async () => {
    using recording = openRecording(file);
    let taken = 0;
    let release: (() => void) | undefined;
    const slow = new Writable({
      highWaterMark: 1,
      write: (piece, _encoding, done) => {
        taken += piece.length;
        release = done;
      },
    });
    let done = false;
    const written = writeExport(recording, { format: 'jsonl' }, slow).then(() => {
      done = true;
    });
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    const held = taken;
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    expect(taken).toBe(held);
    const whole = (await bytesOf('jsonl')).length;
    expect(held).toBeLessThan(whole / 2);
    while (!done) {
      release?.();
      await setImmediate();
    }
    await written;
    expect(taken).toBe(whole);
  });
});

describe('a format', () => {
  it('that does not exist is refused', async () => {
    using recording = openRecording(file);
    await expect(exportRecording(recording, { format: 'xml' as never }).next()).rejects.toThrow(
      /"format" option to be one of csv, .*openmetrics, got 'xml'/,
    );
  });

  it('is no reason to load anything before it is asked for', () => {
    const script = `import * as tidemark from ${JSON.stringify(ENTRY)}; tidemark.openRecording(${JSON.stringify(file)});`;
    expect(loadedBy(script).filter((url) => /node_modules|dist\/report\/(?!export-report\.js)/.test(url))).toEqual([]);
  });

  it('loads its own library, and the others none', () => {
    const own: Record<string, RegExp | undefined> = {
      csv: undefined,
      jsonl: undefined,
      openmetrics: undefined,
      parquet: /hyparquet/,
      arrow: /apache-arrow/,
      'arrow-stream': /apache-arrow/,
      perfetto: /@bufbuild/,
      pprof: /pprof-format/,
    };
    for (const format of EXPORT_FORMATS) {
      const loaded = loadedFor(format);
      const packages = new Set(loaded.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)![1]!));
      const expected = own[format];
      if (!expected) expect({ format, packages: [...packages] }).toEqual({ format, packages: [] });
      else expect([...packages].some((name) => expected.test(name))).toBe(true);
      for (const other of Object.values(own)) {
        if (!other || other === expected || String(other) === String(expected)) continue;
        expect({ format, wrong: [...packages].filter((name) => other.test(name)) }).toEqual({ format, wrong: [] });
      }
    }
  });
});

/** Files of packages that an export by the library opened. */
function loadedFor(format: string): string[] {
  return loadedBy(`
    import { exportRecording, openRecording } from ${JSON.stringify(ENTRY)};
    const recording = openRecording(${JSON.stringify(file)});
    for await (const piece of exportRecording(recording, { format: ${JSON.stringify(format)} })) if (piece.length < 0) break;`).filter(
    (url) => url.includes('/node_modules/'),
  );
}

/** Addresses of all modules that a program loads. */
function loadedBy(script: string): string[] {
  const hook = `
    import { writeSync } from 'node:fs';
    export async function load(url, context, next) {
      writeSync(2, 'LOADED ' + url + '\\n');
      return next(url, context);
    }`;
  const register = `import { register } from 'node:module'; register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hook)}));`;
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(register)}`, '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining(`LOADED ${ENTRY}`) });
  return stderr.split('\n').filter((line) => line.startsWith('LOADED '));
}

describe('text', () => {
  it('is the same by the synchronous functions', async () => {
    using recording = openRecording(file);
    expect([...exportCsv(recording)].join('')).toBe((await bytesOf('csv')).toString());
  });
});
