/**
 * Why a live process has the memory that it has: watched for a while, and everybody else's mappings looked at once.
 *
 * The trap: what cannot be read must be said with what would help, or its absence looks like nothing there.
 */
import { closeSync, constants, openSync, readlinkSync } from 'node:fs';
import { type GrowthLine, growthLine, untilLimit } from '../analyze/growth-line.js';
import { type MappingGroup, type MappingKind, mappingGroups } from '../analyze/mapping-groups.js';
import { type LimitLine, movingFirst, nearestFirst, type Unseen, type Why, type WhyNumbers } from '../analyze/why.js';
import { breakDown } from '../analyze/why-memory.js';
import { type Sharing, SharingMeter } from '../analyze/why-sharing.js';
import { attempt } from '../check/attempt.js';
import { argumentsOf } from '../check/find-processes.js';
import { type FoundLimits, type MemoryLimit, memoryLimitsOf } from '../check/memory-limits.js';
import { readPermissions } from '../check/permissions.js';
import { type Look, type Watched, watchProcess } from '../check/watch-process.js';
import { readGuardedFile } from '../engine/guarded-file.js';
import { listProcesses } from '../procfs/list-processes.js';
import { MappingTable, SmapsColumn, tokenizeGrowing } from '../procfs/mapping-table.js';
import { tokenizeMaps } from '../procfs/maps.js';
import { textAndHex } from '../procfs/object-values.js';
import { pad } from '../procfs/padding.js';
import { CommandError } from './command-error.js';
import { processFileError, whyNoMemory } from './process-bytes.js';

export interface LiveOptions {
  readonly procfs: string;
  readonly for: bigint;
  readonly maxHold: bigint;
  readonly allowHold: bigint;
}

/** Throws `CommandError`: 4 when there is no such process, 5 where not even its counters may be read. */
export async function whyLive(pid: number, options: LiveOptions): Promise<Why> {
  const folder = openFolder(options.procfs, pid);
  const path = `/proc/self/fd/${folder}`;
  try {
    const found = memoryLimitsOf(path, options.procfs);
    const watched = await watchProcess({
      folder,
      forNs: options.for,
      maxHoldNs: Number(options.maxHold),
      allowHoldNs: Number(options.allowHold),
      limits: found.limits,
    });
    const commandLine = argumentsOf(path)?.join(' ');
    // Marks and page cache have moved meanwhile; of a process that has ended what was found first stands.
    const now = memoryLimitsOf(path, options.procfs).limits;
    const limits = found.limits.map((one) => ({
      ...one,
      ...now.find(({ kind, path: group }) => kind === one.kind && group === one.path),
    }));
    return answer(
      pid,
      options.procfs,
      watched,
      { ...found, limits },
      {
        ...(commandLine ? { commandLine } : {}),
        exe: attempt(() => readlinkSync(`${path}/exe`, 'latin1')),
      },
    );
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') throw new CommandError(`process ${pid} ${whyNoMemory(options.procfs, pid)}`);
    throw processFileError(options.procfs, pid, 'status', error);
  } finally {
    closeSync(folder);
  }
}

function openFolder(root: string, pid: number): number {
  try {
    return openSync(`${root}/${pid}`, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    throw processFileError(root, pid, 'folder', error);
  }
}

interface About {
  readonly commandLine?: string;
  readonly exe: string | undefined;
}

function answer(pid: number, root: string, watched: Watched, found: FoundLimits, about: About): Why {
  const { first, last, samples, looks } = watched;
  const look = looks.at(-1);
  const sharing = look && sharingOf(root, pid, look);
  const growth = growthLine(samples.map(({ timeNs, rss }) => ({ timeNs, bytes: rss })));
  const seconds = Number(samples.at(-1)!.timeNs - samples[0]!.timeNs) / 1e9;
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  return {
    source: 'live',
    process: {
      pid,
      startTicks: first.startTicks,
      ...(textAndHex('comm', last.comm) as { comm: string }),
      ...(about.commandLine ? { commandLine: about.commandLine } : {}),
    },
    ...(watched.hasEnded ? { hasEnded: true } : {}),
    atNs: nowNs,
    sinceNs: nowNs - (samples.at(-1)!.timeNs - samples[0]!.timeNs),
    numbers: numbersOf(watched, look),
    ...(look
      ? { memory: breakDown([look], about.exe), mappingsAgeNs: samples.at(-1)!.timeNs - look.timeNs, sharing: sharing! }
      : {}),
    ...(growth ? { growth } : {}),
    mappingGrowth: movingFirst(growthOfMappings(looks)),
    limits: nearestFirst(found.limits.map((limit, index) => limitLine(limit, index, watched))),
    faults: { minor: last.minorFaults - first.minorFaults, major: last.majorFaults - first.majorFaults, seconds },
    unseen: unseenOf(watched, found, sharing),
    // A captured tree is of nobody who could be held.
    ...(looks.length > 0 && root === '/proc'
      ? { held: { longestNs: Math.max(...looks.map(({ holdNs }) => holdNs)), reads: looks.length } }
      : {}),
  };
}

function numbersOf({ last, samples }: Watched, look: Look | undefined): WhyNumbers {
  const { status } = last;
  const sum = (...columns: number[]) =>
    look
      ? columns.reduce((all, column) => {
          const values = look.table.sizes[column]!.subarray(0, look.table.rows);
          return all + values.reduce((total, value) => total + (value || 0), 0);
        }, 0)
      : Number.NaN;
  return {
    rss: status('vmRSS'),
    rssAnon: status('rssAnon'),
    rssFile: status('rssFile'),
    rssShmem: status('rssShmem'),
    pss: sum(SmapsColumn.pss),
    uss: sum(SmapsColumn.privateClean, SmapsColumn.privateDirty),
    swap: sum(SmapsColumn.swap),
    swapAnon: status('vmSwap'),
    vsize: samples.at(-1)!.vsize,
    vsizePeak: status('vmPeak'),
    hwm: status('vmHWM'),
    pageTables: status('vmPTE'),
    lockedSize: status('vmLck'),
    threads: status('threads'),
  };
}

/** What each group of mappings was at each look; one that was not there yet, or is no more, had nothing. */
function growthOfMappings(looks: readonly Look[]): GrowthLine[] {
  const groups: ReadonlyMap<string, MappingGroup>[] = looks.map(({ table, text }) => mappingGroups(table, text));
  const kinds = new Map<string, MappingKind>();
  for (const one of groups) for (const [key, { mapping }] of one) kinds.set(key, mapping);
  return [...kinds].map(([key, mapping]) => {
    const points = groups.map((one, index) => ({ timeNs: looks[index]!.timeNs, bytes: one.get(key)?.bytes ?? 0 }));
    return growthLine(points, mapping)!;
  });
}

function limitLine(found: MemoryLimit, index: number, { last, samples }: Watched): LimitLine {
  const { kind, limit, used: read, ...about } = found;
  const { status } = last;
  // RLIMIT_DATA counts without the stack, which statm adds.
  const stack = status('vmStk') || 0;
  const points = samples.map(({ timeNs, vsize, dataSize, used }) => ({
    timeNs,
    bytes: read ? used[index]! : kind === 'data' ? dataSize - stack : vsize,
  }));
  const growth = growthLine(points);
  const used = kind === 'data' ? status('vmData') : (growth?.last ?? Number.NaN);
  return { kind, limit, used, ...about, ...(growth ? { growth } : {}), until: untilLimit(limit, used, growth) };
}

/** Looks at the mappings of all others; `maps` holds nobody for long. */
function sharingOf(root: string, own: number, look: Look): Sharing {
  const meter = new SharingMeter([look]);
  for (const pid of listProcesses(root)) {
    if (pid === own) continue;
    const comm = attempt(() => readGuardedFile(`${root}/${pid}/comm`));
    if (!comm) continue;
    const other = { pid, comm: Buffer.from(comm).toString('utf8').replace(/\n$/, '') };
    try {
      const { bytes, length } = pad(readGuardedFile(`${root}/${pid}/maps`));
      // A kernel thread maps nothing, and is nobody to share with.
      if (length === 0) continue;
      const table = tokenizeGrowing(tokenizeMaps, bytes, length, new MappingTable(Math.max(64, length >> 6)));
      meter.look(other, [{ table, text: bytes }]);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ESRCH') meter.look(other, code === 'ETIMEDOUT' ? 'timeout' : 'denied');
    }
  }
  return meter.result();
}

function unseenOf({ lookFailure, looks }: Watched, found: FoundLimits, sharing: Sharing | undefined): Unseen[] {
  const { advice } = readPermissions();
  const grant = advice === undefined ? {} : { grant: advice };
  const unseen: Unseen[] = [];
  if (lookFailure && looks.length === 0) {
    const isDenied = lookFailure.status === 'denied';
    unseen.push({
      what: 'classes, owners, PSS, USS, and with whom memory is shared',
      why: isDenied
        ? 'smaps of a process of another user, or with more rights than ours, is denied'
        : lookFailure.reason,
      ...(isDenied ? grant : {}),
    });
  }
  if (lookFailure && looks.length === 1) {
    unseen.push({ what: 'which of its mappings grow', why: `they could be read only once: ${lookFailure.reason}` });
  }
  for (const [why, count] of Object.entries(sharing?.unseen ?? {})) {
    unseen.push({
      what: `whether ${count} of ${sharing!.lookedAt} other processes share memory with it`,
      why: why === 'denied' ? 'their maps are denied' : 'their maps did not answer in time',
      ...(why === 'denied' ? grant : {}),
    });
  }
  if (found.unseen !== undefined) unseen.push({ what: 'limits of control groups', why: found.unseen });
  return unseen;
}
