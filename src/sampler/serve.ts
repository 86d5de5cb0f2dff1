/**
 * Runs a sampler for a recorder at the other end of a port: in a worker thread or in a process of its own.
 */
import { rmdirSync, unlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { readClocks } from '../engine/clocks.js';
import { isShortOfDescriptors, readDescriptors, tooFewDescriptors } from '../engine/descriptors.js';
import type { Engine } from '../engine/engine.js';
import { lockFile } from '../engine/file-lock.js';
import { countGroups } from '../engine/group-count.js';
import { mapFile } from '../engine/map-file.js';
import { descriptorRoom, openEngine } from '../engine/open-engine.js';
import { preallocate } from '../engine/preallocate.js';
import { whyUnread } from '../engine/why-unread.js';
import { RecordingWriter } from '../recording/recording-writer.js';
import { FileStorage } from '../ring/file-storage.js';
import { RingReader } from '../ring/ring-reader.js';
import { SharedStorage } from '../ring/shared-storage.js';
import type { Storage } from '../ring/storage.js';
import { metadataOf, type SamplerConfig } from './config.js';
import { KeepOff } from './keep-off.js';
import { makeFolderOf } from './own-folder.js';
import type { Failure, SamplerPort } from './protocol.js';
import { isAlive, ownSignature } from './ring-owner.js';
import { needsOfKeep, type RingSize, sizeRing } from './ring-size.js';
import type { Firing } from './rule-watch.js';
import { Sampler } from './sampler.js';
import { describeTarget, endsWhenEmpty } from './target.js';

/** 12 MiB of the kernel's memory: with 2,000 processes one of the two files of each, and the second of some. */
const MOST_KEPT_AT_LEISURE = 2500;
const PROGRESS_EVERY_MS = 1000;
const FEW_PROCESSES = 64;
/** What a host may come to after its boot. */
const MANY_PROCESSES = 8192;
/** What reader threads, a listing and the arguments of a process have open at once. */
const FEW_DESCRIPTORS = 8;

/** As `nice`: ahead of ordinary work, so that a tick begins on time where every processor is busy; it does not last. */
const PRIORITY = -10;

/** Raises the priority of this thread, where that is permitted. */
function hurry(): void {
  try {
    setPriority(0, PRIORITY);
  } catch {
    // Not permitted: ticks may begin later when every processor is busy, and their lateness is recorded.
  }
}

/** Records as `config` says and resolves when the recording is closed. Whatever goes wrong is sent as `failed`. */
export async function serveSampler(config: SamplerConfig, port: SamplerPort): Promise<void> {
  hurry();
  try {
    const { sampler: running, storage } = openSampler(config, (firings) => port.send({ type: 'fired', firings }));
    const missing = running.notTaken().missing;
    let [events, v8] = [0, 0];
    port.onMessage((message) => {
      if (message.type === 'event') {
        running.mark(BigInt(message.timeNs), message.event);
        events++;
      } else if (message.type === 'stop') running.stop();
      else if (message.type === 'actionEnded') running.actionEnded();
      else if (message.type === 'rules') running.watch(message.rules);
      else {
        running.v8(message.records);
        v8 += message.records.length;
      }
    });
    running.started.then(() => {
      if (isSettled(storage)) port.send({ type: 'started', processes: running.progress.live, missing });
    });
    let harm: Error | undefined;
    const reports = setInterval(() => {
      port.send({ type: 'progress', progress: running.progress, events, v8 });
      harm = harmOf(storage, config);
      if (harm) running.stop();
    }, PROGRESS_EVERY_MS);
    reports.unref();
    try {
      const reason = await running.run();
      await lastMessages();
      const { progress } = running;
      harm ??= harmOf(storage, config);
      running.close(reason);
      if (harm) throw harm;
      port.send({ type: 'stopped', reason, progress });
    } catch (error) {
      throw harm ?? error;
    } finally {
      clearInterval(reports);
    }
  } catch (error) {
    port.send({ type: 'failed', failure: failureOf(error) });
  }
}

/** What the recorder's program said with its last breath is on the line still when a tick finds that it has gone. */
async function lastMessages(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Descriptors that may be kept. Each takes 5 KiB of the kernel's memory, and what it saves is 4 us at each sweep: where the rate is
 * left to the budget the sweeps of a large host are few, and are not worth more than that.
 */
function mostKept(isRateChosen: boolean): number {
  const room = descriptorRoom();
  return isRateChosen ? Math.min(room, MOST_KEPT_AT_LEISURE) : room;
}

/** Opens engine and ring, and finds the processes. Throws an error with a `code`, and leaves no file behind then. */
function openSampler(
  config: SamplerConfig,
  fire: (firings: readonly Firing[]) => void,
): { sampler: Sampler; storage: Storage } {
  const keepOff = config.embedder === undefined ? undefined : new KeepOff(config.embedder);
  // Before anything starts a thread, which runs where its maker may.
  keepOff?.check(process.hrtime.bigint());
  const engine = openEngine(config.engine, {
    root: config.root,
    host: config.host,
    maxKept: config.maxKept ?? mostKept(config.isRateChosen),
    parked: config.parked,
  });
  let storage: Storage | undefined;
  let folder: string | undefined;
  try {
    // Before a file is made: what does not fit must leave none behind.
    const size = isResumed(config) ? undefined : blocksFor(config, engine.listPids().length);
    const { storage: place } = config;
    if (place.kind === 'file' && !place.resume) folder = makeFolderOf(place.path, place.group);
    storage = openStorage(config);
    const writer = openWriter(config, storage, size);
    writer.sign(ownSignature());
    const sampler = new Sampler(config, engine, writer, writer.maxSlots, keepOff, fire);
    const found = sampler.begin();
    refuseUnread(config, found, sampler.notTaken().unread);
    if (found === 0 && endsWhenEmpty(config.target)) {
      throw Object.assign(new Error(`No such process: ${describeTarget(config.target)}`), { code: 'target-not-found' });
    }
    return { sampler, storage };
  } catch (error) {
    discard(engine, storage, config);
    if (folder !== undefined) rmdirSync(folder);
    throw error;
  }
}

/**
 * Throws where processes that are there cannot be recorded for want of descriptors, or none at all can be: a recording without them
 * would look as if they had ended.
 */
function refuseUnread({ root, target }: SamplerConfig, found: number, unread: ReadonlyMap<string, number>): void {
  const known = readDescriptors();
  const isShort = known ? known.limit - known.open < FEW_DESCRIPTORS : found === 0 && unread.has('lost');
  if (isShort) throw tooFewDescriptors();
  if (found > 0 || unread.size === 0 || (target.kind !== 'host' && target.kind !== 'pids')) return;
  const why = whyUnread(root, target.kind === 'pids' ? target.pids[0] : undefined);
  if (why === undefined) return;
  throw Object.assign(new Error(`No process can be read in ${root}: ${why}`), { code: 'unreadable' });
}

/** Room for every process of the target, as far as that is known before: of the host, or for as many as the ring holds. */
function blocksFor({ storage, target, keep, cgroupTier, root }: SamplerConfig, processes: number): RingSize {
  const sizeBytes = storage.kind === 'file' ? storage.sizeBytes : storage.buffer.byteLength;
  const needs = { groups: cgroupTier === 'off' ? 0 : countGroups(root), ...needsOfKeep(keep) };
  // What ends is trimmed to its last block, so large ones are for what goes on as long as the host.
  const mayCome = storage.kind === 'file' && !storage.trim ? MANY_PROCESSES : 0;
  if (target.kind === 'host') return sizeRing(sizeBytes, processes, { ...needs, mayCome });
  if (target.kind === 'pids') return sizeRing(sizeBytes, target.pids.length, needs);
  for (let most = processes; most > FEW_PROCESSES; most = Math.floor(most / 2)) {
    try {
      return sizeRing(sizeBytes, most, needs);
    } catch {
      // Half as many may fit.
    }
  }
  return sizeRing(sizeBytes, FEW_PROCESSES, needs);
}

function openStorage({ storage }: SamplerConfig): Storage {
  if (storage.kind === 'shared') return new SharedStorage(storage.buffer);
  const { path, sizeBytes, resume, group } = storage;
  const file = resume ? FileStorage.openForWriting(path) : FileStorage.create(path, sizeBytes, preallocate);
  if (group !== undefined) shareRing(file, group, resume);
  if (file.lock(lockFile)) {
    if (!resume) file.map(mapFile);
    return file;
  }
  file.close();
  throw busyError(path);
}

/** Lets a group read the file; a new one that cannot be given to it is taken back. */
function shareRing(file: FileStorage, group: number, resume: boolean): void {
  try {
    file.shareWith(group);
  } catch (error) {
    file.close();
    if (!resume) unlinkSync(file.path);
    throw error;
  }
}

/** Begins a recording, or goes on with the one that is there. */
function openWriter(config: SamplerConfig, storage: Storage, size: RingSize | undefined): RecordingWriter {
  const now = readClocks();
  const metadata = metadataOf(config, now);
  if (size) return RecordingWriter.create(storage, { metadata, ...size });
  const file = storage as FileStorage;
  const { owner } = RingReader.open(file);
  if (owner && isAlive(owner)) throw busyError(file.path, owner.pid);
  try {
    return RecordingWriter.resume(file, metadata, now, (sizeBytes) => {
      file.extend(sizeBytes, preallocate);
      file.map(mapFile);
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'different-recording') throw error;
    throw Object.assign(new Error(`Cannot go on in ${file.path}: ${message}`), { code });
  }
}

function isResumed({ storage }: SamplerConfig): boolean {
  return storage.kind === 'file' && storage.resume;
}

function busyError(path: string, pid = ownerOf(path)): Error {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return Object.assign(new Error(`Cannot record into ${path}: ${who} is writing it`), { code: 'busy' });
}

function ownerOf(path: string): number | undefined {
  try {
    const storage = FileStorage.open(path);
    try {
      return RingReader.open(storage).owner?.pid;
    } finally {
      storage.close();
    }
  } catch {
    return undefined;
  }
}

/** Waits until the first frame is in the file. False when it cannot be, which ends the recording by itself. */
function isSettled(storage: Storage): boolean {
  try {
    storage.settle();
    return true;
  } catch {
    return false;
  }
}

/** An error when others took the file of a recording away under it: what is written then is lost. */
function harmOf(storage: Storage, config: SamplerConfig): Error | undefined {
  if (!(storage instanceof FileStorage) || config.storage.kind !== 'file') return undefined;
  const harm = storage.harm();
  if (harm === undefined || (harm === 'was removed' && config.storage.isNameless)) return undefined;
  const sentence = `The recording ended: ${storage.path} ${harm} while it was written`;
  return Object.assign(new Error(sentence), { code: 'file-lost' });
}

/** Ends what was begun; a file that was there before stays, and has at most been given its whole size. */
function discard(engine: Engine, storage: Storage | undefined, config: SamplerConfig): void {
  engine.close();
  if (!storage) return;
  storage.close();
  if (config.storage.kind === 'file' && !isResumed(config)) unlinkSync(config.storage.path);
}

function failureOf(error: unknown): Failure {
  const { code, message, stack } = (isShortOfDescriptors(error) ? tooFewDescriptors() : error) as NodeJS.ErrnoException;
  return { code: code ?? 'failed', message: code || error instanceof RangeError ? message : (stack ?? message) };
}
