/**
 * Two sets of tokenizers against each other on every live process, and the kernel's files against themselves.
 *
 * The trap: the same file read twice is two texts, so both tokenizers get the same bytes, and what cannot be read is
 * counted by its reason: a verification that quietly saw nothing must not look like one that found nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { compareTokenizers, type TokenizerDifference } from '../engine/tokenizer-parity.js';
import { listProcesses } from '../procfs/list-processes.js';
import { KERNEL_FILES, type KernelFile } from '../procfs/read.js';
import type { Tokenizers } from '../procfs/tokenizers.js';
import type { HostUnits, StatusName } from '../schema.js';
import type { BrokenInvariant } from './invariants.js';
import { judge, readProcessTexts, statusOf } from './process-texts.js';

/** Differences and violations that are listed; beyond it they are only counted. */
export const MAX_LISTED = 20;

/** Nanoseconds of work after which the event loop gets a turn, so that a signal is heard and progress is drawn. */
const TURN_NS = 20_000_000n;
const SHORTEST_PAUSE_MS = 10;

export interface NamedTokenizers {
  readonly name: string;
  readonly tokenizers: Tokenizers;
}

export type Mismatch = { readonly pid: number; readonly file: KernelFile } & TokenizerDifference;

export type Violation = { readonly pid: number } & BrokenInvariant;

/** What has been found so far; the shape that `verify --json` prints. */
export interface VerifyReport {
  readonly schema: 1;
  /** The two that were compared: `a` and `b` of each mismatch are theirs, in this order. */
  readonly engines: readonly [string, string];
  /** Passes over all processes that were finished. */
  passes: number;
  /** Processes looked at, once for each pass; the sum of `byStatus`. */
  processes: number;
  /** Files that both tokenized, and their bytes. */
  files: number;
  bytes: number;
  /** Files on which the two differ. */
  mismatchCount: number;
  /** The first of them. */
  readonly mismatches: Mismatch[];
  /** Processes by the first reason why one of their six files could not be read; `ok` when all could. */
  readonly byStatus: Partial<Record<StatusName, number>>;
  readonly invariants: {
    /** Processes that held still and were judged. */
    judged: number;
    /** Processes that changed while they were read: nothing is said about them. */
    moved: number;
    violationCount: number;
    readonly violations: Violation[];
  };
}

export interface VerifyOptions {
  /** The procfs tree. */
  readonly root: string;
  readonly host: HostUnits;
  readonly engines: readonly [NamedTokenizers, NamedTokenizers];
  /** Only these; by default every process of the tree, listed anew for each pass. */
  readonly pids?: readonly number[];
  /** How long to go on; there is always one whole pass. Default: that one. */
  readonly durationNs?: bigint;
  /** Stops after the process at hand; the report then says what was found until then. */
  readonly signal?: AbortSignal;
  /** Called now and then with the report as it stands. */
  readonly onProgress?: (report: VerifyReport) => void;
}

/** Verifies, in one pass or until the time is over. Throws only when the tree itself cannot be read. */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const { signal, onProgress } = options;
  const endNs = process.hrtime.bigint() + (options.durationNs ?? 0n);
  const report = emptyReport(options.engines);
  const isOver = () => signal?.aborted || (report.passes > 0 && process.hrtime.bigint() >= endNs);

  while (!isOver()) {
    const started = process.hrtime.bigint();
    let turn = started;
    for (const pid of options.pids ?? listProcesses(options.root)) {
      if (isOver()) return report;
      visit(pid, options, report);
      if (process.hrtime.bigint() - turn > TURN_NS) {
        onProgress?.(report);
        await sleep(0);
        turn = process.hrtime.bigint();
      }
    }
    report.passes++;
    onProgress?.(report);
    if (!isOver()) await pauseAfter(started, endNs, signal);
  }
  return report;
}

function emptyReport([a, b]: VerifyOptions['engines']): VerifyReport {
  return {
    schema: 1,
    engines: [a.name, b.name],
    passes: 0,
    processes: 0,
    files: 0,
    bytes: 0,
    mismatchCount: 0,
    mismatches: [],
    byStatus: {},
    invariants: { judged: 0, moved: 0, violationCount: 0, violations: [] },
  };
}

function visit(pid: number, { root, host, engines }: VerifyOptions, report: VerifyReport): void {
  const texts = readProcessTexts(root, pid);
  const status = statusOf(texts);
  report.processes++;
  report.byStatus[status] = (report.byStatus[status] ?? 0) + 1;
  for (const file of KERNEL_FILES) {
    const reading = texts[file];
    if (reading.status !== 'ok') continue;
    report.files++;
    report.bytes += reading.value.length;
    const difference = compareTokenizers(file, reading.value, engines[0].tokenizers, engines[1].tokenizers);
    if (!difference) continue;
    report.mismatchCount++;
    if (report.mismatches.length < MAX_LISTED) report.mismatches.push({ pid, file, ...difference });
  }
  if (status !== 'ok') return;

  const { invariants } = report;
  const judgement = judge(root, pid, host, texts);
  if (judgement === 'moved') {
    invariants.moved++;
    return;
  }
  invariants.judged++;
  invariants.violationCount += judgement.length;
  const room = MAX_LISTED - invariants.violations.length;
  invariants.violations.push(...judgement.slice(0, room).map((broken) => ({ pid, ...broken })));
}

/** Rests for as long as the pass took, since every pass holds the memory map of every process for a while. */
async function pauseAfter(startedNs: bigint, endNs: bigint, signal: AbortSignal | undefined): Promise<void> {
  const nowNs = process.hrtime.bigint();
  const pauseMs = Math.max(SHORTEST_PAUSE_MS, Number(nowNs - startedNs) / 1e6);
  const leftMs = Math.max(0, Number(endNs - nowNs) / 1e6);
  // An abort ends the pause early; the loop then sees it.
  await sleep(Math.min(pauseMs, leftMs), undefined, signal ? { signal } : {}).catch(() => {});
}
