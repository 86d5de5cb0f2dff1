/**
 * `tidemark ps` against `ps` of procps, byte for byte, on processes that stand still; and what procps has no answer to.
 *
 * The trap: elapsed time runs on between two programs, and with it %CPU and ELAPSED of the most motionless process, the
 * faster the younger it is. So a comparison is made again until no tick lay between; a true difference never goes away.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FakeProcfs, ROLLUP_HEAD, smapsRecord } from '../engine/fake-procfs.js';
import { MAIN, SANITIZER } from '../tidemark-process.js';

const ZOO = fileURLToPath(new URL('ps-zoo.py', import.meta.url));
const ON_TERMINAL = fileURLToPath(new URL('on-terminal.py', import.meta.url));
const ENGINES = ['native', 'ts'] as const;
const TRY_FOR_MS = 15_000;

let zoo: ChildProcess;
let kinds: Record<string, number>;
let pids: string;

interface Answer {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function answer(program: string, words: readonly string[], env: Record<string, string>): Answer {
  const done = spawnSync(program, words, {
    env: { PATH: process.env.PATH!, ...SANITIZER, ...env },
    maxBuffer: 1 << 26,
  });
  return { code: done.status, stdout: done.stdout, stderr: done.stderr.toString() };
}

function tidemark(words: readonly string[], env: Record<string, string> = {}): Answer {
  return answer(process.execPath, [MAIN, 'ps', ...words], env);
}

function expectSame(words: readonly string[], env: Record<string, string> = {}): void {
  for (const engine of ENGINES) {
    const deadline = performance.now() + TRY_FOR_MS;
    for (;;) {
      const theirs = answer('/usr/bin/ps', words, env);
      const ours = tidemark([`--engine=${engine}`, ...words], env);
      const isSame = theirs.stdout.equals(ours.stdout) && theirs.code === ours.code;
      if (!isSame && performance.now() < deadline) continue;
      const label = `${engine} ${JSON.stringify(env)} ${words.join(' ')}`;
      expect(ours.stdout.toString('latin1').split('\n'), label).toEqual(theirs.stdout.toString('latin1').split('\n'));
      expect(ours.code, label).toBe(theirs.code);
      break;
    }
  }
}

beforeAll(async () => {
  zoo = spawn('python3', [ZOO], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: zoo.stdout! }), 'line')) as [string];
  kinds = JSON.parse(line);
  pids = Object.values(kinds).join(',');
}, 60_000);

afterAll(async () => {
  zoo.stdin!.end();
  await once(zoo, 'close');
});

const plainKinds = () => Object.entries(kinds).flatMap(([kind, pid]) => (kind.startsWith('name') ? [] : [pid]));

describe('the same bytes as procps', { timeout: 120_000 }, () => {
  it.each([
    { LANG: 'C' },
    { LANG: 'C.UTF-8' },
    { LC_ALL: 'C.UTF-8', COLUMNS: '20' },
    { LANG: 'C', COLUMNS: '81' },
    { LANG: 'C.UTF-8', COLUMNS: '80', TZ: 'Asia/Kolkata' },
  ])('whatever the environment: %o', (env) => {
    const given = env as unknown as Record<string, string>;
    for (const format of ['u', '-f', '-l', '-F']) expectSame([format, '-p', pids], given);
    expectSame(['-o', 'pid,comm,args', '-p', pids], given);
    expectSame(['-o', 'comm:6,pid,ucmd,args:9,fname,user:3,pid', '-p', pids], given);
    expectSame(['w', '-o', 'pid,ppid,stat,args', 'p', pids], given);
  });

  it.each([
    'pid,ppid,pgid,sid,tty,tt,tname,tty4,tpgid,stat,s,state',
    'pid,user,euser,ruser,suser,fuser,uid,euid,ruid,suid,fsuid',
    'pid,group,egroup,rgroup,sgroup,gid,egid,rgid,sgid,fgid,supgid,supgrp',
    'pid,policy,cls,class,sched,rtprio,ni,nice,pri,priority,opri,intpri,pri_api,pri_bar,pri_baz,pri_foo',
    'pid,vsz,vsize,rss,rsz,sz,size,m_size,drs,trs,tsiz,dsiz,lim,pmem,%mem,min_flt,maj_flt,nlwp,thcount,f,flags',
    'pid,start,lstart,bsdstart,start_time,stime,time,times,cputime,cputimes,bsdtime',
    'pid,etime,etimes,pcpu,%cpu,c,cp',
    'pid,blocked,ignored,caught,pending,tsig,sig_catch,stackp,esp,eip',
    'pid,cgroup,cgname,exe',
    'pid,oom,oomadj,luid,label:12,psr,wchan:20,rchars,wchars',
    'pid=,comm=NAME,args=LONGER',
    'pid:9=P,user:14=WHO,comm=',
  ])('columns: %s', (columns) => expectSame(['-o', columns, '-p', pids], { LANG: 'C.UTF-8' }));

  it.each([
    [['-p', 'PIDS', '--sort', '-rss,pid', '-o', 'pid,rss,comm']],
    [['-p', 'PIDS', 'k', 'user,-pid', '-o', 'pid,user']],
    [['p', 'PIDS', 'O', '-r', 'u']],
    [['-p', 'PIDS', '-O', 'rss,uid']],
    [['l', '-p', 'PIDS']],
    [['j', '-p', 'PIDS']],
    [['s', '-p', 'PIDS']],
    [['v', '-p', 'PIDS']],
    [['un', '-p', 'PIDS']],
    [['uc', '-p', 'PIDS']],
    [['ue', '-p', 'PIDS']],
    [['uS', '-p', 'PIDS']],
    [['uh', '-p', 'PIDS']],
    [['-ly', '-p', 'PIDS']],
    [['-fc', '-p', 'PIDS']],
    [['-jp', 'PIDS']],
    [['-M', '-p', 'PIDS']],
    [['-q', 'PIDS']],
    [['-p', 'PIDS', '--no-headers']],
    [['-p', 'PIDS', '--headers', '--lines', '5']],
    [['-p', 'PIDS', '--width', '50']],
    [['-C', 'a b) c (,sleep', '-o', 'ppid,comm']],
    [['-U', 'nobody', '-o', 'pid,args']],
    [['-p', '2,3', 'u']],
    [['2']],
    [['-p', '2147483646']],
    [['-p', '2147483646', 'h']],
    [['--ppid', 'ZOO', '-o', 'pid,comm']],
    [['--ppid', 'ZOO', '--forest', '-o', 'pid,args']],
    [['-H', '--ppid', 'ZOO', '-o', 'pid,args']],
  ])('words: %j', (words) => {
    const given = words.map((word) => (word === 'PIDS' ? pids : word === 'ZOO' ? String(zoo.pid) : word));
    expectSame(given, { LANG: 'C.UTF-8', COLUMNS: '200' });
  });

  it.each([20, 80])('on a terminal of %i columns', (columns) => {
    // The one with a bidi override is another test's.
    const shown = plainKinds().join(',');
    for (const words of [
      ['-fp', shown],
      ['uw', '-p', shown],
      ['uww', '-p', shown],
      ['-o', 'pid,args,tty', '-p', shown],
    ]) {
      const env = { LANG: 'C.UTF-8' };
      const run = (...program: string[]) => answer('python3', [ON_TERMINAL, String(columns), ...program], env).stdout;
      let theirs: Buffer<ArrayBufferLike> = Buffer.of(1);
      let ours: Buffer<ArrayBufferLike> = Buffer.of();
      for (const deadline = performance.now() + TRY_FOR_MS; !theirs.equals(ours) && performance.now() < deadline; ) {
        theirs = run('/usr/bin/ps', ...words);
        ours = run(process.execPath, MAIN, 'ps', ...words);
      }
      expect(ours.toString('latin1').split('\r\n'), words[0]).toEqual(theirs.toString('latin1').split('\r\n'));
    }
  });

  it('but for bidi controls, which reach a file and no terminal', () => {
    const words = ['-o', 'comm=', '-p', String(kinds['name 16'])];
    expectSame(words, { LANG: 'C.UTF-8' });
    const program = [process.execPath, MAIN, 'ps', ...words];
    expect(answer('python3', [ON_TERMINAL, '80', ...program], { LANG: 'C.UTF-8' }).stdout.toString()).toBe('?rtl\r\n');
  });

  it('lists every process of the zoo, as -e and as aux', () => {
    for (const words of [['aux'], ['-aux'], ['-ef'], ['ax', '-o', 'user,pid,ppid']]) {
      const column = words[1] === '-o' || words[0] !== 'ax' ? 1 : 0;
      const lines = tidemark(words).stdout.toString('latin1').split('\n');
      const shown = new Set(lines.map((line) => Number(line.trim().split(/ +/)[column])));
      expect(Object.values(kinds).filter((pid) => !shown.has(pid))).toEqual([]);
    }
  });
});

describe('what procps refuses or does not have', () => {
  it.each([
    [['-p', '1,x'], /-p: expected pids.*got "x"/],
    [['-p', '1,,2'], /an entry of the list "1,,2" is empty/],
    [['-p', '0'], /-p: expected pids/],
    [['-o', 'pid,nonsense'], /there is no column "nonsense"/],
    [['-o', 'pid:0'], /width/],
    [['--sort', 'nonsense'], /--sort: there is no column "nonsense"/],
    [['-L'], /-L shows threads.*nlwp/],
    [['-u', 'no-such-user-here'], /there is no user "no-such-user-here"/],
    [['--nonsense'], /unknown option '--nonsense'/],
    [['--by', 'pid'], /--by/],
    [['-o', 'pid', 'u'], /contradict/],
    [['-p', '\x1b[31m'], /\\x1B\[31m/],
  ])('%j is refused', (words, sentence) => {
    const { code, stdout, stderr } = tidemark(words);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('counts a memory map once for all who run in it', () => {
    const [parent, child] = [kinds['shares its memory'], kinds['child in that memory']];
    const list = JSON.parse(tidemark(['--json', '-o', 'pid,pss', '-p', `${parent},${child}`]).stdout.toString());
    const [one, other] = list.processes.map(({ pss }: { pss: number }) => pss);
    expect(one).toBeGreaterThan(4 << 20);
    expect(Math.abs(one - other)).toBeLessThan(one / 100);
    const words = ['--by', 'user', '--json', '-p', `${parent},${child},${kinds.plain}`];
    const native = JSON.parse(tidemark(words).stdout.toString());
    expect(native).toMatchObject({ sharedMaps: { status: 'ok' }, total: { processes: 3, sharing: 1, denied: 0 } });
    expect(native.total.pss).toBeLessThan(one * 1.5);
  });

  it('says what was denied and never shows it as 0', () => {
    const words = ['-o', 'pid,pss,uss', '-p', `${kinds.plain}`, '--json'];
    const run = (...more: string[]) =>
      spawnSync('setpriv', ['--reuid=65534', '--clear-groups', process.execPath, MAIN, 'ps', ...more]);
    const [row] = JSON.parse(run(...words).stdout.toString()).processes;
    expect(row).toMatchObject({ pid: kinds.plain, missing: { pss: 'denied', uss: 'denied' } });
    expect(row).not.toHaveProperty('pss');
    expect(run(...words.slice(0, -1)).stdout.toString()).toMatch(new RegExp(`^ *${kinds.plain} +- +-$`, 'm'));
    const totals = run('--by', 'comm', '-p', `${kinds.plain}`);
    expect(totals.stdout.toString()).toMatch(/^ +1 +0 +1 +- +- +- +- +- +- sleep$/m);
    expect(totals.stderr.toString()).toMatch(/1 of 1 processes is denied \(CAP_SYS_PTRACE\)/);
  });
});

describe('a tree', () => {
  let fake: FakeProcfs;
  const UNITS = ['--page-size', '4096', '--clock-ticks', '100'];

  function tree(): string {
    fake = new FakeProcfs();
    const root = path.join(fake.root, 'proc');
    mkdirSync(path.join(fake.root, 'etc'));
    writeFileSync(path.join(fake.root, 'etc/passwd'), 'captain:x:1000:1000::/:/bin/sh\n');
    mkdirSync(root);
    writeFileSync(path.join(root, 'uptime'), '40000000.00 1.00\n');
    writeFileSync(path.join(root, 'stat'), 'cpu 1 2\nbtime 1700000000\n');
    writeFileSync(path.join(root, 'meminfo'), 'MemTotal:       1000 kB\n');
    return root;
  }

  function add(root: string, pid: number, startTicks: number, uid: number, kb = 100): void {
    fake.add(pid, { startTicks });
    const status = `Name:\tfake\nState:\tS (sleeping)\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\nGid:\t5\t5\t5\t5\nVmSize:\t 400 kB\nVmRSS:\t ${kb} kB\nRssAnon:\t 60 kB\nRssFile:\t 40 kB\nRssShmem:\t 0 kB\nVmSwap:\t 8 kB\n`;
    fake.write(pid, 'status', status);
    fake.write(pid, 'cmdline', 'fake\0--word\0');
    fake.write(
      pid,
      'smaps_rollup',
      smapsRecord(ROLLUP_HEAD, { Rss: kb, Pss: 50, Private_Clean: 1, Private_Dirty: 2, Swap: 8 }),
    );
    spawnSync('mv', [path.join(fake.root, String(pid)), root]);
  }

  afterEach(() => fake.destroy());

  it('shows its own users, and starts of another day and year', () => {
    const root = tree();
    add(root, 7, 100, 1000);
    add(root, 8, 39_000_000_00, 4242);
    add(root, 9, 39_999_999_00, 0);
    const { stdout, code } = tidemark(['aux', '--procfs', root, ...UNITS], { TZ: 'UTC' });
    expect(stdout.toString().split('\n')).toEqual([
      'USER       PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND',
      'captain      7  0.0 10.0    400   100 ?        Ssl   2023   0:00 fake --word',
      '4242         8  0.0 10.0    400   100 ?        Ssl  Feb08   0:00 fake --word',
      '0            9 12.0 10.0    400   100 ?        Ssl  21:19   0:00 fake --word',
      '',
    ]);
    expect(code).toBe(0);
    const memory = tidemark(['-eo', 'pid,pss,uss,swap,anon,file,shmem', '--procfs', root, ...UNITS, '--no-headers']);
    expect(memory.stdout.toString().split('\n')[0].trim().split(/ +/)).toEqual(['7', '50', '3', '8', '60', '40', '0']);
  });

  it('leaves out who ended between two files, and says what could not be read', () => {
    const root = tree();
    for (const pid of [7, 8, 9]) add(root, pid, 100, 1000);
    writeFileSync(path.join(root, '8', 'stat'), '');
    writeFileSync(path.join(root, '9', 'smaps_rollup'), '');
    for (const engine of ENGINES) {
      const { stdout } = tidemark(['-eo', 'pid,pss', '--engine', engine, '--procfs', root, ...UNITS]);
      expect(
        stdout
          .toString()
          .trimEnd()
          .split('\n')
          .map((line) => line.trim().split(/ +/)),
      ).toEqual([
        ['PID', 'PSS'],
        ['7', '50'],
        ['9', '-'],
      ]);
    }
    const json = JSON.parse(tidemark(['-eo', 'pid,rss,pss', '--json', '--procfs', root, ...UNITS]).stdout.toString());
    expect(json).toEqual({
      schema: 1,
      processes: [
        { pid: 7, startTicks: 100, rss: 102_400, pss: 51_200 },
        { pid: 9, startTicks: 100, rss: 102_400, missing: { pss: 'unsupported' } },
      ],
    });
  });

  it('that is closed to us or empty is a failure', () => {
    const root = tree();
    expect(tidemark(['-e', '--procfs', root, ...UNITS])).toMatchObject({ code: 1, stderr: '' });
    chmodSync(root, 0o311);
    const denied = spawnSync('setpriv', [
      '--reuid=65534',
      '--clear-groups',
      process.execPath,
      MAIN,
      'ps',
      '-e',
      '--procfs',
      root,
      ...UNITS,
    ]);
    expect({ code: denied.status, stdout: denied.stdout.toString() }).toEqual({ code: 5, stdout: '' });
    expect(denied.stderr.toString()).toMatch(/^tidemark ps: cannot read ".*": permission denied\n$/);
    expect(tidemark(['-e', '--procfs', `${root}/nowhere`]).code).not.toBe(0);
  });

  it('that is not ours has no shared memory maps to find', () => {
    const root = tree();
    add(root, 7, 100, 1000);
    add(root, 8, 100, 1000);
    const { stdout } = tidemark(['--by', 'comm', '--json', '--procfs', root, ...UNITS]);
    expect(JSON.parse(stdout.toString())).toMatchObject({ total: { processes: 2, sharing: 0, pss: 102_400 } });
  });
});
