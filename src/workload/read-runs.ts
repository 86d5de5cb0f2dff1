/**
 * The runs that one side of a comparison names: a report of `run --json`, a recording, a folder of either, or several with
 * commas between them.
 *
 * The trap: what is read is somebody's file: whatever is wrong with it is said with its name, before anything is compared.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { openRecording } from '../recording/recording.js';
import type { Conditions } from './conditions.js';
import { recordedConditions, recordedRun } from './recorded-run.js';
import { REPORT_SCHEMA, type RunRecord, type RunReport } from './run-report.js';

/** Thrown for a file that holds no runs; the sentence names it. */
export class RunsError extends Error {
  readonly code = 'no-runs';
}

const KINDS = /\.(?:json|tide)$/;

/** All runs of a side, with the command and the conditions of the first file. Throws `RunsError`. */
export function readRuns(given: string): RunReport {
  const files = given.split(',').flatMap(filesAt);
  if (files.length === 0) throw new RunsError(`${given}: holds no report (.json) and no recording (.tide)`);
  const reports = files.map(readOne);
  const [first] = reports as [RunReport, ...RunReport[]];
  return { ...first, runs: reports.flatMap(({ runs }) => runs) };
}

function filesAt(name: string): string[] {
  try {
    if (!statSync(name).isDirectory()) return [name];
    const inside = readdirSync(name).filter((entry) => KINDS.test(entry));
    return inside.sort().map((entry) => path.join(name, entry));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new RunsError(`${name}: ${code === 'ENOENT' ? 'no such file' : message}`);
  }
}

function readOne(file: string): RunReport {
  return file.endsWith('.json') ? readReport(file) : readRecording(file);
}

function readRecording(file: string): RunReport {
  try {
    using recording = openRecording(file);
    const { command = [] } = recording.metadata.workload ?? {};
    const run = recordedRun(recording);
    if (run.samples === 0) throw new RunsError('it is empty');
    const conditions: Conditions = recordedConditions(recording);
    return { schema: REPORT_SCHEMA, kind: 'run', command, conditions, warmups: 0, runs: [run] };
  } catch (error) {
    throw new RunsError(`${file}: ${(error as Error).message}`);
  }
}

function readReport(file: string): RunReport {
  let report: Partial<RunReport> | null;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunReport> | null;
  } catch (error) {
    throw new RunsError(`${file}: ${(error as Error).message}`);
  }
  if (report?.kind !== 'run') throw new RunsError(`${file}: is no report of 'tidemark run --json'`);
  if (report.schema !== REPORT_SCHEMA) {
    throw new RunsError(
      `${file}: has version ${String(report.schema)} of the report, and ${REPORT_SCHEMA} is known here`,
    );
  }
  const { command, conditions, runs } = report;
  const isSound =
    Array.isArray(command) && isObject(conditions) && Array.isArray(runs) && runs.every((run) => isRun(run));
  if (!isSound) throw new RunsError(`${file}: is a damaged report`);
  if (runs.length === 0) throw new RunsError(`${file}: holds no run`);
  return report as RunReport;
}

const SUMS = ['rss', 'pss', 'uss', 'swap'];
const READINGS = ['minorFaults', 'majorFaults', 'userTime', 'systemTime'];

/** Whether it has all that metrics are taken from. */
function isRun(run: Partial<RunRecord> | null): boolean {
  if (!isObject(run) || typeof run.wallNs !== 'number' || !isObject(run.programs)) return false;
  const { peak } = run;
  if (peak !== undefined && !(isObject(peak) && isObject(peak.classes) && Array.isArray(peak.mappings))) return false;
  return [run.tree, ...Object.values(run.programs)].every((group) =>
    isGroup(group as unknown as Record<string, unknown>),
  );
}

function isGroup(group: Record<string, unknown> | undefined): boolean {
  if (!isObject(group)) return false;
  const sums = SUMS.map((name) => group[name] as Record<string, unknown>);
  const largest = group.largestProcess as Record<string, unknown>;
  return (
    sums.every((sum) => isObject(sum) && isReading(sum.peak) && isReading(sum.mean)) &&
    READINGS.every((name) => isReading(group[name])) &&
    isObject(largest) &&
    isReading(largest.kernelPeak)
  );
}

function isReading(value: unknown): boolean {
  const { state, value: number, reason } = (value ?? {}) as Record<string, unknown>;
  return typeof state === 'string' && (typeof number === 'number' || typeof reason === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
