/**
 * The columns of a process list: each once, with its heading, width, place, the files it is made of, its exact value and
 * what procps 4.0.2 prints for it. Formats, sorting, JSON and help are made from this table.
 *
 * The trap: what procps prints is kB, pages and tenths of a percent, cut; values are bytes, nanoseconds and exact.
 */
import { bsdStart, bsdTime, cpuTime, elapsedTime, fullTime, longStart, startTime } from './ps-clock.js';
import {
  account,
  command,
  cpu,
  elapsed,
  id,
  left,
  mask,
  NONE,
  number,
  type PsColumn,
  type PsPlace,
  type PsUnit,
  pidColumn,
  priority,
  ROLLUP,
  renamed,
  rollup,
  STATUS,
  share,
  start,
  statusSize,
  unlimited,
} from './ps-column.js';
import { nameOf } from './ps-command.js';
import * as show from './ps-values.js';

const args = command('COMMAND', 27, true);
const comm = command('COMMAND', 15, false);
const euser = account('EUSER', 'user', 'uid', 1);
const egroup = account('EGROUP', 'group', 'gid', 1);
const pcpu = share('%CPU', 4, 1000, (tenths) => (tenths > 999 ? String(Math.floor(tenths / 10)) : show.tenths(tenths)));
const c = share('C', 2, 100, (percent) => String(Math.min(percent, 99)).padStart(2));
const pmem: PsColumn = {
  ...number('%MEM', 4, ['memoryPercent', 'percent'], show.memoryPercent, STATUS, show.memoryShare),
  order: (row) => row.size('vmRSS') || 0,
};
const rss = statusSize('RSS', 5, 'rss', 'vmRSS', true);
const vsz = statusSize('VSZ', 6, 'vsize', 'vmSize', true);
const flags = number(
  'F',
  1,
  ['flags', 'count'],
  (row) => row.number('flags'),
  NONE,
  (row) => ((row.number('flags') / 64) & 7).toString(8),
);
const state = left('S', 1, ['state', 'text'], (row) => row.state);
const stat = left('STAT', 4, ['stat', 'text'], show.stateLetters, STATUS);
const tty: PsColumn = left('TT', 8, ['tty', 'text'], (row) => row.host.ttys.nameOf(row.number('tty_nr'), row.pid));
const pgid = pidColumn('PGID', 'processGroup', (row) => row.number('pgrp'));
const session = pidColumn('SID', 'session', (row) => row.number('session'));
const tid = pidColumn('TID', 'pid', (row) => row.pid);
const policy = left('POL', 3, ['policy', 'text'], show.policy);
const nice = number('NI', 3, ['nice', 'count'], (row) => row.number('nice'), NONE, show.nice);
const threads = number('NLWP', 4, ['threads', 'count'], (row) => row.number('num_threads'));
const processor = number('PSR', 3, ['processor', 'count'], (row) => row.number('processor'));
const minorFaults = number('MINFLT', 6, ['minorFaults', 'count'], (row, modes) =>
  show.faults(row, modes, 'minflt', 'cminflt'),
);
const majorFaults = number('MAJFLT', 6, ['majorFaults', 'count'], (row, modes) =>
  show.faults(row, modes, 'majflt', 'cmajflt'),
);
const wchan: PsColumn = {
  ...left('WCHAN', 6, ['wchan', 'text'], show.wchan, ['wchan'], show.wchanText),
  place: 'wchan',
};
const stime = start('STIME', 5, startTime, 60);
const time = cpu('TIME', 8, cpuTime);
const blocked = mask('BLOCKED', 'signalsBlocked', (row) => show.statusText(row, 'sigBlk'));
const ignored = mask('IGNORED', 'signalsIgnored', (row) => show.statusText(row, 'sigIgn'));
const caught = mask('CAUGHT', 'signalsCaught', (row) => show.statusText(row, 'sigCgt'));
const pending = mask('PENDING', 'signalsPending', (row) => show.statusText(row, 'shdPnd'));
const label = left('LABEL', 31, ['label', 'text'], show.label, ['attr/current']);
const data = number('DRS', 5, ['dataSize', 'bytes'], show.dataSize, NONE, (row) =>
  show.kilobytes(show.dataSize(row), '0'),
);
const text = number('TRS', 4, ['textSize', 'bytes'], show.textSize, NONE, (row) =>
  show.kilobytes(show.textSize(row), '0'),
);
const swapable = {
  ...number('SIZE', 5, ['dataAndStack', 'bytes'], show.dataAndStack, STATUS, (row) =>
    show.kilobytes(show.dataAndStack(row), '0'),
  ),
  needsAllOfStatus: true,
};
const address = (header: string, field: 'startstack' | 'kstkesp' | 'kstkeip') =>
  number(
    header,
    16,
    undefined,
    (row) => row.number(field),
    NONE,
    (row) => show.hex(row, field),
  );
const nothing = (header: string, width: number, place: PsPlace) => ({
  header,
  width,
  place,
  files: NONE,
  value: () => undefined,
  text: () => '-',
});
/** Of what is read now it is none; a recording has older ones. */
const pssAge: PsColumn = {
  ...number('AGE', 7, ['pssAge', 'nanoseconds'], show.pssAge, ROLLUP),
  text: (row) => (Number.isNaN(show.pssAge(row)) ? '-' : '0s'),
};
const io = (header: string, name: string, key: string, unit: PsUnit) =>
  number(header, 5, [name, unit], (row) => row.lineValue('io', key), ['io']);

/** By the name that `-o` and `--sort` take. */
export const PS_COLUMNS: ReadonlyMap<string, PsColumn> = new Map<string, PsColumn>(
  Object.entries({
    '%cpu': pcpu,
    pcpu,
    c,
    util: c,
    cp: share('CP', 3, 1000, (tenths) => String(Math.min(tenths, 999)).padStart(3)),
    '%mem': pmem,
    pmem,
    addr: nothing('ADDR', 4, 'right'),
    addr_1: nothing('ADDR', 1, 'left'),
    args,
    command: args,
    cmd: renamed(args, 'CMD'),
    comm,
    ucmd: renamed(comm, 'CMD'),
    ucomm: comm,
    fname: left('COMMAND', 8, ['comm', 'text'], show.latin1Name, NONE, (row) => nameOf(row, 8)),
    bsdstart: start('START', 6, bsdStart),
    lstart: start('STARTED', 24, fullTime),
    start: start('STARTED', 8, longStart),
    start_time: renamed(stime, 'START'),
    stime,
    bsdtime: cpu('TIME', 6, bsdTime, true),
    time,
    cputime: time,
    atime: time,
    cputimes: cpu('TIME', 8, String),
    times: cpu('TIME', 8, String),
    etime: elapsed('ELAPSED', 11, elapsedTime),
    etimes: elapsed('ELAPSED', 7, String),
    cgroup: unlimited('CGROUP', 27, 'cgroup', ['cgroup'], show.controlGroupsOrRoot, show.controlGroups),
    cgname: unlimited('CGNAME', 27, 'cgroupName', ['cgroup'], show.controlGroupName),
    class: renamed(policy, 'CLS'),
    cls: { ...renamed(policy, 'CLS'), place: 'right' },
    policy,
    sched: number('SCH', 3, ['schedulingPolicy', 'count'], show.policyNumber),
    rtprio: number(
      'RTPRIO',
      6,
      ['realtimePriority', 'count'],
      (row) => row.number('rt_priority'),
      NONE,
      show.realtimePriority,
    ),
    ni: nice,
    nice,
    pri: priority('PRI', (p) => 39 - p),
    priority: priority('PRI', (p) => p),
    opri: priority('PRI', (p) => 60 + p),
    intpri: priority('PRI', (p) => 60 + p),
    pri_api: priority('API', (p) => -1 - p),
    pri_bar: priority('BAR', (p) => p + 1),
    pri_baz: priority('BAZ', (p) => p + 100),
    pri_foo: priority('FOO', (p) => p - 20),
    euid: id('EUID', 'uid', 'uid', 1),
    uid: id('UID', 'uid', 'uid', 1),
    ruid: id('RUID', 'realUid', 'uid', 0),
    suid: id('SUID', 'savedUid', 'uid', 2),
    svuid: id('SVUID', 'savedUid', 'uid', 2),
    fsuid: id('FSUID', 'fsUid', 'uid', 3),
    fuid: id('FUID', 'fsUid', 'uid', 3),
    egid: id('EGID', 'gid', 'gid', 1),
    gid: id('GID', 'gid', 'gid', 1),
    rgid: id('RGID', 'realGid', 'gid', 0),
    sgid: id('SGID', 'savedGid', 'gid', 2),
    svgid: id('SVGID', 'savedGid', 'gid', 2),
    fsgid: id('FSGID', 'fsGid', 'gid', 3),
    fgid: id('FGID', 'fsGid', 'gid', 3),
    euser,
    user: renamed(euser, 'USER'),
    uname: renamed(euser, 'USER'),
    uid_hack: renamed(euser, 'UID'),
    ruser: account('RUSER', 'realUser', 'uid', 0),
    suser: account('SUSER', 'savedUser', 'uid', 2),
    svuser: account('SVUSER', 'savedUser', 'uid', 2),
    fuser: account('FUSER', 'fsUser', 'uid', 3),
    fsuser: account('FSUSER', 'fsUser', 'uid', 3),
    egroup,
    group: renamed(egroup, 'GROUP'),
    rgroup: account('RGROUP', 'realGroup', 'gid', 0),
    sgroup: account('SGROUP', 'savedGroup', 'gid', 2),
    svgroup: account('SVGROUP', 'savedGroup', 'gid', 2),
    fgroup: account('FGROUP', 'fsGroup', 'gid', 3),
    fsgroup: account('FSGROUP', 'fsGroup', 'gid', 3),
    supgid: unlimited('SUPGID', 20, 'groupIds', STATUS, show.groupIds),
    supgrp: unlimited('SUPGRP', 40, 'groups', STATUS, show.groupNames),
    exe: unlimited('EXE', 27, 'exe', NONE, show.executable),
    f: flags,
    flag: flags,
    flags,
    s: state,
    state,
    stat,
    pid: pidColumn('PID', 'pid', (row) => row.pid),
    tgid: pidColumn('TGID', 'pid', (row) => row.pid),
    tid,
    lwp: renamed(tid, 'LWP'),
    spid: renamed(tid, 'SPID'),
    ppid: pidColumn('PPID', 'parentPid', (row) => row.parent),
    pgid,
    pgrp: renamed(pgid, 'PGRP'),
    sid: session,
    sess: renamed(session, 'SESS'),
    session: renamed(session, 'SESS'),
    tpgid: pidColumn('TPGID', 'foregroundGroup', (row) => row.number('tpgid')),
    tt: tty,
    tty,
    tname: renamed(tty, 'TTY'),
    tty8: renamed(tty, 'TTY'),
    longtname: renamed(tty, 'TTY'),
    tty4: { ...renamed(tty, 'TTY', 4), text: show.shortTty },
    nlwp: threads,
    thcount: renamed(threads, 'THCNT', 5),
    psr: processor,
    cpuid: renamed(processor, 'CPUID', 5),
    lastcpu: renamed(processor, 'C'),
    sgi_p: number('P', 1, ['processor', 'count'], (row) => row.number('processor'), NONE, show.runningOn),
    min_flt: renamed(minorFaults, 'MINFL'),
    minflt: minorFaults,
    maj_flt: renamed(majorFaults, 'MAJFL'),
    majflt: majorFaults,
    pagein: renamed(majorFaults, 'PAGEIN'),
    wchan,
    wname: wchan,
    vsz,
    vsize: vsz,
    rss,
    rssize: rss,
    rsz: renamed(rss, 'RSZ'),
    sz: number('SZ', 5, ['vsize', 'bytes'], (row) => row.size('vmSize'), STATUS, show.pages),
    size: swapable,
    m_size: number('SIZE', 5, ['vsize', 'bytes'], (row) => row.number('vsize')),
    drs: data,
    m_drs: data,
    dsiz: renamed(data, 'DSIZ', 4),
    trs: text,
    m_trs: renamed(text, 'TRS', 5),
    trss: renamed(text, 'TRSS'),
    tsiz: renamed(text, 'TSIZ'),
    lim: number('LIM', 5, ['rssLimit', 'bytes'], show.rssLimit, NONE, show.rssLimitText),
    stackp: address('STACKP', 'startstack'),
    start_stack: address('STACKP', 'startstack'),
    esp: address('ESP', 'kstkesp'),
    eip: address('EIP', 'kstkeip'),
    blocked,
    sig_block: blocked,
    sigmask: blocked,
    ignored,
    sig_ignore: ignored,
    sigignore: ignored,
    caught,
    sigcatch: caught,
    sig_catch: renamed(caught, 'CATCHED'),
    pending,
    sig: pending,
    sig_pend: renamed(pending, 'SIGNAL'),
    tsig: mask('PENDING', 'threadSignalsPending', (row) => show.statusText(row, 'sigPnd')),
    label,
    context: renamed(label, 'CONTEXT'),
    zone: renamed(label, 'ZONE'),
    oom: number('OOM', 4, ['oomScore', 'count'], (row) => show.smallFile(row, 'oom_score'), ['oom_score']),
    oomadj: number('OOMADJ', 5, ['oomScoreAdjust', 'count'], (row) => show.smallFile(row, 'oom_score_adj'), [
      'oom_score_adj',
    ]),
    luid: number('LUID', 5, ['loginUid', 'count'], show.loginUid, ['loginuid']),
    rbytes: io('RBYTES', 'readBytes', 'read_bytes', 'bytes'),
    wbytes: io('WBYTES', 'writeBytes', 'write_bytes', 'bytes'),
    wcbytes: io('WCBYTES', 'cancelledWriteBytes', 'cancelled_write_bytes', 'bytes'),
    rchars: io('RCHARS', 'readCharacters', 'rchar', 'bytes'),
    wchars: io('WCHARS', 'writeCharacters', 'wchar', 'bytes'),
    rops: io('ROPS', 'readCalls', 'syscr', 'count'),
    wops: io('WOPS', 'writeCalls', 'syscw', 'count'),
    // From here on: memory that procps does not show, or shows as 0 where it was denied.
    pss_age: pssAge,
    pss: renamed(rollup('PSS', 'pss', 'Pss'), 'PSS', 5),
    uss: renamed(rollup('USS', 'uss', 'Private_Clean', 'Private_Dirty'), 'USS', 5),
    pss_anon: rollup('PANON', 'pssAnon', 'Pss_Anon'),
    pss_file: rollup('PFILE', 'pssFile', 'Pss_File'),
    pss_shmem: rollup('PSHMEM', 'pssShmem', 'Pss_Shmem'),
    pss_dirty: rollup('PDIRTY', 'pssDirty', 'Pss_Dirty'),
    swap_pss: rollup('SWAPPSS', 'swapPss', 'SwapPss'),
    referenced: rollup('REFD', 'referenced', 'Referenced'),
    locked: rollup('LOCKED', 'locked', 'Locked'),
    thp: rollup('THP', 'anonHugePages', 'AnonHugePages'),
    swap: statusSize('SWAP', 6, 'swap', 'vmSwap'),
    anon: statusSize('ANON', 6, 'rssAnon', 'rssAnon'),
    file: statusSize('FILE', 6, 'rssFile', 'rssFile'),
    shmem: statusSize('SHMEM', 6, 'rssShmem', 'rssShmem'),
    hwm: statusSize('HWM', 6, 'rssPeak', 'vmHWM'),
    peak: statusSize('PEAK', 6, 'vsizePeak', 'vmPeak'),
    lck: statusSize('LCK', 6, 'mlocked', 'vmLck'),
  }),
);
