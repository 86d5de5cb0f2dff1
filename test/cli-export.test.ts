/** `tidemark export` as a child process: of real processes with hostile names, judged by Python's csv module. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { METRICS, openRecording, startRecording } from 'tidemark';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runOnSmallDisk, runShell } from './recorder/command.js';
import { childrenOf, MIB, readKernel, scratch, until, Workload } from './recorder/workload.js';
import { runTidemark } from './tidemark-process.js';

const NAMES = ['a,b "c"', 'two\nlines\r', '=cmd', '\x1b]0;x\x07', '\xff\xfe'].map((name) =>
  Buffer.from(name, 'latin1'),
);

let folder: ReturnType<typeof scratch>;
let file: string;
const workloads: Workload[] = [];
let marks: { from: bigint; to: bigint };

beforeAll(async () => {
  folder = scratch();
  file = folder.file('a.tide');
  for (const name of NAMES) {
    const workload = await Workload.start();
    await workload.tell(`name ${name.toString('hex')}`);
    workloads.push(workload);
  }
  const pids = [...workloads.map(({ pid }) => pid), 2];
  await using recorder = await startRecording({ target: { pids }, file, hz: 50, rollup: 10, sizeBytes: 8 * MIB });
  const ticks = async (count: number) => {
    const reached = recorder.now()!.timeNs + BigInt(count) * 20_000_000n;
    await until(() => recorder.now()!.timeNs >= reached);
  };
  await ticks(12);
  recorder.mark('load begins');
  await workloads[0]!.tell(`map ${8 * MIB}`);
  await ticks(12);
  recorder.mark('load ends');
  await ticks(12);
  await recorder.stop();
  const [from, to] = recorder.recording().marks();
  marks = { from: from!.timeNs, to: to!.timeNs };
});
afterAll(async () => {
  for (const workload of workloads) await workload.end();
  folder[Symbol.dispose]();
});

type Fields = Record<string, string>;

async function exported(format: 'csv' | 'jsonl', ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runTidemark(['export', file, '--format', format, ...words]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

function parsed(csv: string): Fields[] {
  const program = 'import csv, json, sys; print(json.dumps(list(csv.DictReader(sys.stdin, strict=True))))';
  const options = { input: csv, maxBuffer: 2 ** 28 };
  return JSON.parse(execFileSync('python3', ['-X', 'utf8', '-c', program], options).toString());
}

const rows = async (...words: string[]) => parsed(await exported('csv', ...words));

/** The bytes behind an escaped name. */
function unescaped(field: string): Buffer {
  const parts = field.replace(/^'/, '').split(/(\\x[0-9A-F]{2})/);
  return Buffer.concat(
    parts.map((part, at) => Buffer.from(at % 2 === 1 ? part.slice(2) : part, at % 2 === 1 ? 'hex' : 'utf8')),
  );
}

describe('what is exported', () => {
  it('has the header that scripts rely on', async () => {
    const [header] = (await exported('csv')).split('\n');
    using recording = openRecording(file);
    const { name: engine } = recording.metadata.engine;
    const metrics = METRICS.filter(({ engines }) => engines === 'all' || engines === engine)
      .map(({ name }) => name)
      .join(',');
    expect(header).toBe(`time_unix_ns,pid,start_ticks,comm,${metrics},counters_status,rollup_status,rollup_age_ns`);
    expect(header).toMatch(/,comm,rss,.*,userTime,systemTime,.*,pss,.*,uss,/);
  });

  it('is one row per process and tick, and the same in both formats', async () => {
    const csv = await rows();
    const json = (await exported('jsonl'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    using recording = openRecording(file);
    const { ticks } = recording.summary();
    expect(csv).toHaveLength(ticks.recorded * (NAMES.length + 1));
    expect(json).toHaveLength(csv.length);
    csv.forEach(({ comm, ...fields }, index) => {
      const { comm: name, commHex, ...values } = json[index];
      const asText = Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, value === null ? '' : String(value)]),
      );
      expect(fields).toEqual(asText);
      expect(unescaped(comm!)).toEqual(commHex === undefined ? Buffer.from(name) : Buffer.from(commHex, 'hex'));
    });
  });

  it('names every process as it names itself, and as nothing that acts', async () => {
    const text = await exported('csv');
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
    const csv = parsed(text);
    workloads.forEach(({ pid }, index) => {
      const own = csv.filter((row) => row.pid === String(pid));
      expect(unescaped(own.at(-1)!.comm!)).toEqual(NAMES[index]);
      expect(own[0]!.start_ticks).toBe(String(readKernel(pid).startTicks));
    });
    expect(csv.find((row) => row.comm!.includes('cmd'))!.comm).toBe("'=cmd");
  });

  it('has no zero for what a kernel thread does not have', async () => {
    const kernel = await rows('--pid', '2');
    expect(kernel.length).toBeGreaterThan(30);
    for (const row of kernel) {
      expect(row).toMatchObject({ comm: 'kthreadd', counters_status: 'no-mm', rss: '', vsize: '', pss: '', uss: '' });
      expect(row.rollup_age_ns).toBe('');
      expect(['no-mm', 'not-due']).toContain(row.rollup_status);
    }
    // What it does have is there.
    expect(kernel[0]!.threads).toBe('1');
  });

  it('has deep values at the ticks that read them, and their age between', async () => {
    const own = await rows('--pid', String(workloads[0]!.pid));
    const read = own.filter((row) => row.rollup_status === 'ok');
    expect(read.length).toBeGreaterThan(2);
    expect(read.length).toBeLessThan(own.length / 2);
    for (const row of own) {
      const isRead = row.rollup_status === 'ok';
      expect(row.pss !== '' && row.uss !== '' && row.rollupHold !== '').toBe(isRead);
      if (!isRead) expect(row.rollup_status).toBe('not-due');
      if (isRead) expect(row.rollup_age_ns).toBe('0');
    }
    const after = own.slice(own.indexOf(read[0]!) + 1).find((row) => row.rollup_status !== 'ok')!;
    expect(Number(after.rollup_age_ns)).toBeGreaterThan(0);
  });
});

describe('options', () => {
  it('choose a range by time and by mark', async () => {
    const all = await rows();
    const inside = all.filter(
      ({ time_unix_ns }) => BigInt(time_unix_ns!) >= marks.from && BigInt(time_unix_ns!) <= marks.to,
    );
    expect(inside.length).toBeGreaterThan(10 * (NAMES.length + 1));
    expect(await rows('--from', 'load begins', '--to', 'load ends')).toEqual(inside);
    expect(await rows('--from', `${marks.from}ns`, '--to', `${marks.to}ns`)).toEqual(inside);
    const last = BigInt(all.at(-1)!.time_unix_ns!);
    const late = all.filter(({ time_unix_ns }) => BigInt(time_unix_ns!) >= last - 100_000_000n);
    expect(await rows('--from', '-100ms')).toEqual(late);
    const rss = inside.filter(({ pid }) => pid === String(workloads[0]!.pid)).map((row) => Number(row.rss));
    expect(rss.at(-1)! - Number(all[0]!.rss)).toBeGreaterThan(7.5 * MIB);
  });

  it('choose metrics and processes, and thin out', async () => {
    const pids = `${workloads[1]!.pid},${workloads[0]!.pid}`;
    const chosen = await rows('--metric', 'uss,rss', '--pid', pids);
    expect(Object.keys(chosen[0]!).slice(4, 6)).toEqual(['uss', 'rss']);
    expect(new Set(chosen.map(({ pid }) => pid))).toEqual(new Set(pids.split(',')));
    const thin = await rows('--pid', String(workloads[0]!.pid), '--every', '200ms');
    const intervals = thin.map(({ time_unix_ns }) => BigInt(time_unix_ns!) / 200_000_000n);
    expect(new Set(intervals).size).toBe(thin.length);
    const all = await rows('--pid', String(workloads[0]!.pid));
    expect(thin).toEqual(all.filter((row, at) => at === 0 || interval(row) !== interval(all[at - 1]!)));
  });

  const interval = (row: Fields) => BigInt(row.time_unix_ns!) / 200_000_000n;

  it.each([
    [[], "required option '--format <format>' not specified"],
    [
      ['--format', 'xml'],
      '--format: "xml" is not a format; allowed: csv, jsonl, parquet, arrow, arrow-stream, perfetto, pprof, openmetrics',
    ],
    [
      ['--format', 'csv', '--metric', 'rss,size'],
      /^--metric: "size" is not a metric; allowed: rss, rssAnon, .*rollupPaced, sharedPartPpm, sharedPartErrorPpm, oomScore, oomScoreAdj$/,
    ],
    [['--format', 'csv', '--every', '0s'], /^--every: "0s" is not a duration/],
    [['--format', 'csv', '--pid', 'x'], /^--pid: "x" is not a list of pids/],
    [
      ['--format', 'csv', '--from', 'load'],
      /^--from: "load" is not a time; allowed: .*, or the name of a mark or span \(.*\)$/,
    ],
    [['--format', 'csv', '--from', 'load ends', '--to', 'load begins'], '--from: it is later than --to'],
    [['--format', 'csv', '--to', '5'], /^--to: "5" is not a time/],
    [['--format', 'csv', '--table', 'mappings'], '--table mappings: only for parquet, arrow, arrow-stream'],
    [['--format', 'parquet', '--table', 'x'], '--table: "x" is not a table; allowed: samples, mappings, host, cgroup'],
    [['--format', 'arrow', '--partition', 'host'], '--partition: only for parquet'],
    [['--format', 'parquet', '--partition', 'host'], '--partition: needs -o and a folder'],
    [['--format', 'parquet', '--partition', 'host,pid'], '--partition: "pid" is not a key; allowed: host, date'],
    [['--format', 'csv', '--diff'], '--diff: only for pprof'],
    [['--format', 'pprof', '--diff'], '--diff: needs --from, the instant to compare with'],
    [['--format', 'pprof', '--every', '1s'], '--every: a pprof profile is of one instant'],
  ])('refuse %j', async (words, sentence) => {
    const { code, stdout, stderr } = await runTidemark(['export', file, ...words]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const said = stderr.replace(/^tidemark export: /, '').trimEnd();
    if (typeof sentence === 'string') expect(said).toBe(sentence);
    else expect(said).toMatch(sentence);
  });
});

describe('a process that is not in the recording', () => {
  const out = ['--format', 'csv', '-o'];

  it('is not found', async () => {
    const outcome = await runTidemark(['export', file, ...out, folder.file('none.csv'), '-p', '99999999,99999998']);
    const stderr = 'tidemark export: -p: no process 99999999, 99999998 is in the recording\n';
    expect(outcome).toEqual({ code: 4, stdout: '', stderr });
    expect(existsSync(folder.file('none.csv'))).toBe(false);
  });

  it('is said where another is', async () => {
    const { pid } = workloads[0]!;
    const outcome = await runTidemark(['export', file, ...out, folder.file('one.csv'), '-p', `${pid},99999999`]);
    expect(outcome).toEqual({
      code: 0,
      stdout: '',
      stderr: 'tidemark export: -p: no process 99999999 is in the recording\n',
    });
    expect(readFileSync(folder.file('one.csv'), 'utf8')).toContain(`,${pid},`);
  });
});

describe('output', () => {
  it('goes into a new file, whole', async () => {
    const out = folder.file('out.csv');
    const outcome = await runTidemark(['export', file, '--format', 'csv', '-o', out]);
    expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(out, 'utf8')).toBe(await exported('csv'));
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const again = await runTidemark(['export', file, '--format', 'jsonl', '-o', out]);
    expect(again).toEqual({
      code: 1,
      stdout: '',
      stderr: `tidemark export: -o: ${out} exists already; --force replaces it\n`,
    });
    expect(readFileSync(out, 'utf8')).toMatch(/^time_unix_ns,/);
    expect((await runTidemark(['export', file, '--format', 'jsonl', '-o', out, '--force'])).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toMatch(/^\{"time_unix_ns":"/);
  });

  it('never goes through a link, over a folder, or into nothing', async () => {
    using place = scratch();
    symlinkSync('target', place.file('link'));
    mkdirSync(place.file('folder'));
    for (const [name, why] of [
      ['link', /exists already/],
      ['folder', /is a directory/],
      ['no/such/a.csv', /cannot write .*no such file/],
    ] as const) {
      const { code, stderr } = await runTidemark(['export', file, '--format', 'csv', '-o', place.file(name)]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^tidemark export: -o: .+\n$/);
      expect(stderr).toMatch(why);
    }
    expect(readdirSync(place.path).sort()).toEqual(['folder', 'link']);
  });

  it('never replaces the recording itself, nor what is no file', async () => {
    using place = scratch();
    copyFileSync(file, place.file('own.tide'));
    const before = readFileSync(place.file('own.tide'));
    const own = await runTidemark([
      'export',
      place.file('own.tide'),
      '--format',
      'csv',
      '--force',
      '-o',
      place.file('own.tide'),
    ]);
    expect(own).toMatchObject({ code: 2, stderr: 'tidemark export: -o: the output is the recording itself\n' });
    expect(readFileSync(place.file('own.tide')).equals(before)).toBe(true);
    symlinkSync('own.tide', place.file('link'));
    const link = await runTidemark(['export', file, '--format', 'csv', '--force', '-o', place.file('link')]);
    expect(link.stderr).toMatch(/is no regular file/);
  });

  it('leaves no file on a disk that fills up', async () => {
    const place = folder.file('disk');
    mkdirSync(place);
    // 8 KiB are left.
    const { code, stdout, stderr } = await runOnSmallDisk(
      `head -c 1040000 /dev/zero > ballast; tidemark export ${file} --format jsonl -o out.jsonl`,
      place,
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'left: ballast\n' });
    expect(stderr).toMatch(/^tidemark export: -o: cannot write out\.jsonl: .*(space|ENOSPC).*\n$/i);
    const full = await runShell(`tidemark export ${file} --format csv > /dev/full`, folder.path);
    expect(full.code).toBe(1);
    expect(full.stderr).toMatch(/^tidemark export: .*ENOSPC.*\n$/);
  });

  it('ends quietly and at once when its reader has seen enough', async () => {
    const { code, stdout, stderr } = await runShell(
      `{ tidemark export ${file} --format csv; echo $? > code; } | head -1`,
      folder.path,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(readFileSync(folder.file('code'), 'utf8')).toBe('0\n');
    expect(childrenOf(process.pid, /export/)).toEqual([]);
  });

  it('of a recording that is cut is what is left of it', async () => {
    const cut = folder.file('cut.tide');
    writeFileSync(cut, readFileSync(file));
    truncateSync(cut, statSync(file).size - 66_000);
    // What is cut may be deep reads alone, of which all later lines tell.
    const counters = (line: string) => line.split(',').slice(0, -2).join(',');
    const words = ['--format', 'csv', '--metric', 'rss,vsize'];
    const { code, stdout } = await runTidemark(['export', cut, ...words]);
    expect(code).toBe(0);
    const { stdout: all } = await runTidemark(['export', file, ...words]);
    const whole = new Set(all.split('\n').map(counters));
    expect(whole.size).toBeGreaterThan(10);
    for (const line of stdout.split('\n')) expect(whole.has(counters(line))).toBe(true);
    expect(existsSync(cut)).toBe(true);
  });
});
