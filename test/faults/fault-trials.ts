/**
 * Each call that a recorder makes fails in turn: every place in the addon that calls, and every function and file of Node,
 * once at the first call, once in the middle, and from the first one on.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Trial, TrialContext } from '../torture/trial.js';
import { COURSES, type Fault, type FaultyRun, FaultyRuns } from './faulty-runs.js';

/** At once: a run is mostly waiting. */
const LANES = 3;

/** With what a function fails, where not with EIO alone. */
export const ERRNOS: Readonly<Record<string, readonly string[]>> = {
  open: ['EIO', 'EMFILE', 'ENOMEM'],
  open64: ['EIO', 'EMFILE', 'ENOMEM'],
  openat64: ['EIO', 'EMFILE', 'ENOMEM', 'EACCES'],
  read: ['EIO', 'EINTR', 'ENOMEM'],
  pread64: ['EIO', 'EINTR', 'ENOMEM'],
  pwrite64: ['EIO', 'ENOSPC'],
  write: ['EIO', 'ENOSPC'],
  ftruncate64: ['EIO', 'ENOSPC'],
  fdatasync: ['EIO', 'ENOSPC'],
  posix_fallocate64: ['EIO', 'ENOSPC', 'EINTR'],
  mmap64: ['ENOMEM'],
  malloc: ['ENOMEM'],
  realloc: ['ENOMEM'],
  'new[]': ['ENOMEM'],
  new: ['ENOMEM'],
  madvise: ['ENOMEM'],
  pthread_create: ['EAGAIN'],
  fcntl64: ['EMFILE'],
  clock_nanosleep: ['EINTR'],
  flock: ['EIO', 'EINTR'],
  ioctl: ['EIO', 'ENOMEM', 'EINTR'],
  socketpair: ['EMFILE'],
  waitpid: ['EIO', 'EINTR'],
  posix_spawn: ['EAGAIN'],
  opendir: ['EMFILE', 'EIO'],
  scandir64: ['EMFILE', 'EIO'],
};

/** All faults that a run with these calls can have; in the same order whichever thread called first. */
export function faultsOf(calls: ReadonlyMap<string, number>): Fault[] {
  const faults: Fault[] = [];
  for (const [key, made] of [...calls].sort(([a], [b]) => (a < b ? -1 : 1))) {
    // Behind the worker come the threads of libuv's pool, without which libuv ends the process by itself.
    if (key.startsWith('node pthread_create')) {
      faults.push({ key, first: 1, count: 1, errno: 'EAGAIN' });
      continue;
    }
    for (const errno of ERRNOS[key.split(' ')[1]!] ?? ['EIO']) {
      faults.push({ key, first: 1, count: 1, errno });
      if (made > 2) faults.push({ key, first: Math.ceil(made / 2), count: 1, errno });
      // A wait that is always interrupted is none, and no kernel does that.
      if (made > 1 && errno !== 'EINTR') faults.push({ key, first: 1, count: 0, errno });
    }
  }
  return faults;
}

export function describeFault({ key, first, count, errno }: Fault): string {
  return `${key}: ${errno} ${count === 0 ? 'always' : `at call ${first}`}`;
}

async function failEach(
  course: string,
  context: TrialContext,
  isMeant: (fault: Fault) => boolean = () => true,
): Promise<Record<string, number | string>> {
  const { count, from, progress } = context;
  using runs = new FaultyRuns();
  const { calls, wrong } = await runs.run(course);
  if (wrong.length > 0) throw new Error(`without a fault: ${wrong.join('; ')}`);
  const all = faultsOf(calls).filter(isMeant);
  const faults = all.slice(from - 1, from - 1 + count);
  const figures = { places: calls.size, faults: all.length, from, runs: 0, fired: 0, ended: 0, told: 0, unseen: 0 };
  const bad: string[] = [];
  const lane = async () => {
    for (let fault = faults.shift(); fault; fault = faults.shift()) {
      const run = await runs.run(course, fault);
      figures.runs++;
      progress(figures.runs);
      if (run.failed === 0) continue;
      figures.fired++;
      tell(run, fault, figures, bad);
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, index) => pause(index * 100).then(lane)));
  if (bad.length > 0) throw new Error(`${bad.length} of ${figures.fired}:\n${bad.join('\n')}`);
  return figures;
}

function tell(run: FaultyRun, fault: Fault, figures: { ended: number; told: number; unseen: number }, bad: string[]) {
  if (run.code !== 0) figures.ended++;
  else if (run.shows.length > 0) figures.told++;
  else figures.unseen++;
  if (process.env.FAULTS_SHOW) console.log(`${describeFault(fault)} -> ${run.shows.join('; ') || 'nothing'}`);
  if (run.wrong.length === 0) return;
  const found = `${describeFault(fault)}: ${run.wrong.join('; ')}`;
  bad.push(found);
  // At once: who ends this before its end has seen what there was.
  console.log(found);
}

const OF_COURSES: readonly Trial[] = Object.keys(COURSES).map((course) => ({
  name: `faults-${course}`,
  says: `each call of a recorder fails in turn (${course}): no crash, no hang, a sentence or a status, all accounted for`,
  count: 10_000,
  run: (context) => failEach(course, context),
}));

/** What the coverage of the addons is counted with; the courses above have all of it. */
const OF_ADDONS: readonly Trial[] = ['native', 'paced', 'bpf'].map((course) => ({
  name: `addon-faults-${course}`,
  says: `of the calls of a recorder those of the addons fail in turn (${course}); the same must hold`,
  count: 10_000,
  run: (context) => failEach(course, context, ({ key }) => !key.startsWith('node ')),
}));

export const FAULT_TRIALS: readonly Trial[] = [...OF_COURSES, ...OF_ADDONS];
