/** `tidemark export` in every format as a child process: files that are whole or not there, pipes that end early. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preallocate } from '../../src/engine/preallocate.js';
import { EXPORT_FORMATS } from '../../src/export/export-request.js';
import { runOnSmallDisk, runShell } from '../recorder/command.js';
import { childrenOf, scratch } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { ask } from './duckdb.js';
import { knownAuthor, NAMES, TICKS } from './known-recording.js';
import { decodeTrace } from './perfetto-trace.js';

const folder = scratch();
const file = folder.file('a.tide');
beforeAll(() => {
  writeFileSync(file, new Uint8Array(knownAuthor().buffer));
});
afterAll(() => folder[Symbol.dispose]());

const exported = (format: string, ...words: string[]) => runTidemark(['export', file, '--format', format, ...words]);

describe.each(EXPORT_FORMATS)('%s', (format) => {
  it('goes into a new file, whole, and the same to a pipe', async () => {
    const out = folder.file(`out.${format}`);
    expect(await exported(format, '-o', out)).toEqual({ code: 0, stdout: '', stderr: '' });
    const again = `${out}-piped`;
    const piped = await runShell(`tidemark export - --format ${format} < ${file} > ${again}`, folder.path);
    expect(piped).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(again).equals(readFileSync(out))).toBe(true);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect((await exported(format, '-o', out)).stderr).toMatch(/exists already; --force replaces it/);
  });

  it('ends quietly and at once when its reader has seen enough', async () => {
    const line = `{ tidemark export ${file} --format ${format}; echo $? > code; } | head -c 1 | wc -c`;
    const { code, stdout, stderr } = await runShell(line, folder.path);
    expect({ code, stdout: stdout.trim(), stderr }).toEqual({ code: 0, stdout: '1', stderr: '' });
    expect(readFileSync(folder.file('code'), 'utf8')).toBe('0\n');
    expect(childrenOf(process.pid, /export/)).toEqual([]);
  });

  it('leaves no file on a disk that is full', async () => {
    const place = folder.file(`disk-${format}`);
    mkdirSync(place);
    const { code, stdout, stderr } = await runOnSmallDisk(
      `head -c 1048576 /dev/zero > ballast 2>/dev/null; tidemark export ${file} --format ${format} -o out`,
      place,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'left: ballast\n' });
    expect(stderr).toMatch(/^tidemark export: -o: cannot write out: .*(space|ENOSPC).*\n$/i);
  });

  it('is of a recording that is cut what is left of it, and of an empty range nothing', async () => {
    const cut = folder.file('cut.tide');
    copyFileSync(file, cut);
    truncateSync(cut, 300_000);
    const { code, stderr } = await runTidemark(['export', cut, '--format', format, '-o', `${cut}.${format}`]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const none = await exported(format, '--from', '2040-01-01T00:00:00Z', '-o', folder.file(`none.${format}`));
    expect(none).toMatchObject({ code: 0, stdout: '' });
    expect(none.stderr).toMatch(/^tidemark export: nothing is recorded from 2040-.* on; the recording is from .*\n$/);
  });
});

describe('files', () => {
  it('of Parquet are two where mappings were recorded', async () => {
    const out = folder.file('night.parquet');
    expect(await exported('parquet', '-o', out)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await ask(`SELECT count(*) AS n FROM '${out}'`)).toEqual([{ n: BigInt(TICKS * (NAMES.length + 1)) }]);
    const maps = folder.file('night.mappings.parquet');
    expect(await ask(`SELECT count(DISTINCT pid) AS n FROM '${maps}'`)).toEqual([{ n: 3n }]);
    const alone = folder.file('alone.parquet');
    await exported('parquet', '--table', 'mappings', '-o', alone);
    expect(readFileSync(alone).equals(readFileSync(maps))).toBe(true);
    expect(existsSync(folder.file('alone.mappings.parquet'))).toBe(false);
  });

  it('in folders by host and day are all there, or none', async () => {
    const fleet = folder.file('fleet');
    const words = ['--partition', 'date,host', '-o', fleet];
    expect(await exported('parquet', ...words)).toEqual({ code: 0, stdout: '', stderr: '' });
    const rows = await ask(
      `SELECT host, count(*) AS n FROM '${fleet}/*/host=*/date=2023-11-14/*.parquet' GROUP BY ALL`,
    );
    expect(rows).toEqual([{ host: 'h', n: BigInt(TICKS * (NAMES.length + 1) + 45) }]);
    const again = await exported('parquet', ...words);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toMatch(/^tidemark export: -o: .*\.parquet exists already; --force replaces it\n$/);
    expect((await exported('parquet', ...words, '--force')).code).toBe(0);
    const files = readdirSync(fleet, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(
      files.map(({ parentPath, name }) => path.relative(fleet, path.join(parentPath, name)).replace(/\/2023.*$/, '/X')),
    ).toEqual(['samples/host=h/date=2023-11-14/X', 'mappings/host=h/date=2023-11-14/X'].sort());
    const place = folder.file('disk-fleet');
    mkdirSync(place);
    const full = await runOnSmallDisk(
      `head -c 1048576 /dev/zero > ballast 2>/dev/null; tidemark export ${file} --format parquet ${words.slice(0, 2).join(' ')} -o out; code=$?; find out -type f; (exit $code)`,
      place,
    );
    expect(full).toMatchObject({ code: 1, stdout: 'left: ballast\nout\n' });
    expect(full.stderr).toMatch(/cannot write out/);
  });

  it('of a trace are read by others', async () => {
    const out = folder.file('out.perfetto');
    expect(decodeTrace(readFileSync(out)).length).toBeGreaterThan(TICKS);
  });

  it('of pprof need mappings, and say so', async () => {
    const bare = folder.file('bare.tide');
    const { Author, someone } = await import('../recorder/synthetic.js');
    const { FileStorage } = await import('../../src/ring/file-storage.js');
    const author = new Author({ storage: FileStorage.create(bare, 2 ** 21, preallocate) });
    author.arrive(0, someone(5));
    author.sweep();
    author.close(true);
    const { code, stderr } = await runTidemark(['export', bare, '--format', 'pprof', '-o', folder.file('no.pb.gz')]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'tidemark export: no mappings were recorded, and a pprof profile is made of them; record with --mappings auto\n',
    });
    expect(existsSync(folder.file('no.pb.gz'))).toBe(false);
  });
});
