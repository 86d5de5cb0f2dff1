/**
 * Where the ring of a recorder is, and how to read it: a file that was asked for, shared memory, or a file without a name.
 */
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openRecording, openSharedRecording, type Recording } from '../recording/recording.js';
import { FileStorage } from '../ring/file-storage.js';
import { SharedStorage } from '../ring/shared-storage.js';
import type { SamplerConfig } from './config.js';
import type { RecordPlan } from './record-options.js';
import { RecordingError } from './recording-error.js';

export interface RingSource {
  readonly storage: SamplerConfig['storage'];
  open(): Recording;
  openStorage(): FileStorage | SharedStorage;
  /** The sampler has opened the ring. */
  settle(): void;
  /** Removes what nobody asked to keep. */
  discard(): void;
}

/** Allocates the ring of a recording in memory, or says where its file will be. */
export function openSource(plan: RecordPlan): RingSource {
  const { sizeBytes, trim, file, resume, group } = plan;
  if (file !== undefined) {
    return {
      storage: { kind: 'file', path: file, sizeBytes, trim, resume, group },
      open: () => openRecording(file),
      openStorage: () => FileStorage.open(file),
      settle: () => {},
      discard: () => {},
    };
  }
  return plan.host === 'worker' ? sharedSource(sizeBytes) : scratchSource(sizeBytes);
}

function sharedSource(sizeBytes: number): RingSource {
  const buffer = allocate(sizeBytes);
  return {
    storage: { kind: 'shared', buffer },
    open: () => openSharedRecording(buffer),
    openStorage: () => new SharedStorage(buffer),
    settle: () => {},
    discard: () => {},
  };
}

/**
 * A helper process shares no memory with us: its ring is a file that only we can read, in memory where possible. Once
 * both have it open it needs no name, and without one it is gone when both are, however they end.
 */
function scratchSource(sizeBytes: number): RingSource {
  const folder = mkdtempSync(path.join(scratchFolder(), 'tidemark-'));
  const file = path.join(folder, 'ring.tide');
  let fd: number | undefined;
  const openedPath = () => {
    if (fd === undefined) throw new RecordingError('closed', 'The recorder has been disposed of');
    return `/proc/self/fd/${fd}`;
  };
  return {
    storage: {
      kind: 'file',
      path: file,
      sizeBytes,
      trim: false,
      resume: false,
      group: undefined,
      isNameless: true,
    },
    open: () => openRecording(openedPath()),
    openStorage: () => FileStorage.open(openedPath()),
    settle: () => {
      fd = openSync(file, 'r');
      rmSync(folder, { recursive: true, force: true });
    },
    discard: () => {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function allocate(sizeBytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(sizeBytes);
  } catch {
    throw new RangeError(`Expected the "sizeBytes" option to fit into memory without a file, got ${sizeBytes}`);
  }
}

function scratchFolder(): string {
  const own = process.env.XDG_RUNTIME_DIR;
  return own !== undefined && existsSync(own) ? own : tmpdir();
}
