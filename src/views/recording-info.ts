/** What a recording holds, as the lines and as the JSON of `tidemark info`. */
import type { Density } from '../recording/density.js';
import type { RecordingMetadata } from '../recording/format.js';
import type { Recording } from '../recording/recording.js';
import type { StepRetention } from '../recording/retention.js';
import type { RecordingSummary } from '../recording/summary.js';
import { formatDurationShort } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { formatSize } from '../text/size.js';
import { formatTime } from '../text/time.js';
import { actionInfoJson, actionInfoTexts } from './action-info.js';
import { fullestGroup, fullestGroupText } from './fullest-group.js';
import { killInfoJson, killInfoTexts } from './kill-info.js';
import { tierInfoJson, tierInfoTexts } from './tier-info.js';
import { v8InfoJson, v8InfoTexts } from './v8-info.js';

/** The shape of `info --json`; versioned by `schema`. */
export function recordingInfoJson(recording: Recording, summary: RecordingSummary): Record<string, unknown> {
  const { metadata } = recording;
  const { ticks, durationSeconds, processes, points, self, coverage, statShare, lostEvents, audit, resumed, damage } =
    summary;
  const v8 = v8InfoJson(recording);
  const fullest = fullestGroup(recording);
  const actions = actionInfoJson(recording);
  const killed = killInfoJson(recording);
  return {
    schema: 1,
    engine: metadata.engine.name,
    engineReason: metadata.engine.reason,
    startedAt: startOf(recording),
    durationSeconds,
    ticks,
    processes,
    points,
    bytes: recording.usedBytes,
    bytesPerPoint: points === 0 ? null : recording.usedBytes / points,
    pointsPerSecond: durationSeconds === 0 ? null : points / durationSeconds,
    density: recording.density(),
    format: recording.format,
    self,
    coverage,
    statShare,
    lostEvents,
    ...(summary.lives ? { lives: summary.lives } : {}),
    ...(summary.peaks ? { peaks: summary.peaks } : {}),
    ...tierInfoJson(recording),
    ...(fullest ? { fullestGroup: fullest } : {}),
    ...(v8 ? { v8 } : {}),
    ...(actions.length > 0 ? { actions } : {}),
    ...(killed.length > 0 ? { killed } : {}),
    audit,
    resumed: resumed.map(({ timeNs, ...how }) => ({ time: timeOf(recording, timeNs), ...how })),
    damage,
    keep: recording.retention(),
    host: metadata.host,
    ...(metadata.sources ? { sources: metadata.sources } : {}),
    ...(metadata.cut ? { cut: true } : {}),
    ...(metadata.repaired ? { repaired: true } : {}),
    cmdline: metadata.cmdline ?? 'none',
    target: metadata.target,
    rollup: metadata.rollup,
    mappings: metadata.mappings,
    budget: metadata.budget ?? null,
    budgets: summary.budgets.map(({ timeNs, ...given }) => ({ time: timeOf(recording, timeNs), ...given })),
    hzAsked: metadata.hzAsked ?? null,
    maxHoldSeconds: metadata.maxHoldNs === undefined ? null : metadata.maxHoldNs / 1e9,
    writer: metadata.writer,
  };
}

/** Characters of the target that are shown. */
const TARGET_MOST = 100;
const HOUR = 3600;

/** The same for people. */
export function recordingInfoLines(recording: Recording, summary: RecordingSummary): string[] {
  const { metadata } = recording;
  const { ticks, durationSeconds, processes, points, coverage, statShare, audit, damage } = summary;
  const dropped = Object.entries(coverage.dropped).map(([reason, rows]) => `${rows} ${reason}`);
  const fullest = fullestGroup(recording);
  const line = (label: string, text: string) => `${label.padEnd(11)}${escapeTerminal(text)}`;
  return [
    line('host', `${metadata.host.hostname}, Linux ${metadata.host.kernel} ${metadata.host.architecture}`),
    line('target', shortened(metadata.target)),
    line('engine', `${metadata.engine.name} (${metadata.engine.reason})`),
    line('started', `${startOf(recording)}, ${formatDurationShort(durationSeconds * 1e9)} long`),
    line(
      'ticks',
      `${ticks.recorded} of ${ticks.expected} at ${rateText(summary)}, ${ticks.missed} missed, ` +
        `late by ${ms(ticks.latenessMs.p50)} median, ${ms(ticks.latenessMs.p99)} p99, ${ms(ticks.latenessMs.max)} most`,
    ),
    line('processes', `${processes.seen} seen, ${processes.max} at once`),
    line(
      'points',
      `${points} in ${formatSize(recording.usedBytes)}` +
        (points === 0 ? '' : `, ${(recording.usedBytes / points).toFixed(2)} bytes per point`) +
        (durationSeconds === 0 ? '' : `, ${Math.round(points / durationSeconds)} points per second`),
    ),
    ...densityLines(recording.density()).map((text) => line('density', text)),
    ...formatLines(recording).map((text) => line('format', text)),
    line(
      'coverage',
      `${coverage.stored} of ${coverage.attempted} rows${dropped.length ? `; not: ${dropped.join(', ')}` : ''}`,
    ),
    ...(summary.lives ? [line('lives', livesText(summary.lives))] : []),
    ...killInfoTexts(recording).map((text, index) => line(index === 0 ? 'killed' : '', text)),
    ...tierInfoTexts(recording).map(([label, text]) => line(label, text)),
    ...(fullest ? [line('limit', fullestGroupText(fullest))] : []),
    ...v8InfoTexts(recording).map((text, index) => line(index === 0 ? 'v8' : '', text)),
    ...actionInfoTexts(recording).map((text, index) => line(index === 0 ? 'actions' : '', text)),
    ...(summary.peaks ? [line('spikes', spikesText(summary.peaks, ticks.hz))] : []),
    ...summary.resumed.map(({ timeNs, reason, from, to }) =>
      line('resumed', `${timeOf(recording, timeNs)} after a ${reason}${from === to ? '' : `, ${from} to ${to}`}`),
    ),
    ...recording.retention().map((kept, index) => line(index === 0 ? 'keeps' : '', keptText(kept))),
    ...(statShare < 1 ? [line('stat', statShareText(statShare, metadata))] : []),
    line('audit', `${audit.checked} deep reads checked by both tokenizers, ${audit.mismatches} mismatches`),
    line('cost', ownCostText(summary)),
    ...budgetLines(metadata, summary).map((text) => line('budget', text)),
    damage.length === 0
      ? line('damage', 'none')
      : line('damage', damage.map(({ offset, reason }) => `${reason} at byte ${offset}`).join('; ')),
  ];
}

/** One rate, or the least and the most of those that the budget gave. */
function rateText({ ticks, budgets }: RecordingSummary): string {
  const rates = budgets.map(({ hz }) => hz);
  const [least, most] = [Math.min(ticks.hz, ...rates), Math.max(ticks.hz, ...rates)];
  return least === most ? `${ticks.hz} Hz` : `${least} to ${most} Hz`;
}

/** What was asked for, what was given to whom, and why it is more or less. */
function budgetLines({ budget, rollup, hzAsked }: RecordingMetadata, summary: RecordingSummary): string[] {
  const { self, budgets } = summary;
  const { cpuShareOfOneCore: all, deepShareOfOneCore: deep } = self;
  if (budget === undefined || deep === null) return [];
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  const rate = hzAsked === 'auto' ? ' and the rate chosen for it' : '';
  const given = `${percent(budget)} of one core asked${rate}, ${percent(all)} used, ${percent(deep)} of it by deep reads`;
  const rest = all - deep;
  const last = budgets.at(-1);
  const lately =
    last === undefined || budgets.length < 3
      ? []
      : [`of late ${percent(last.used)}, ${percent(last.deep)} of it by deep reads, at ${last.hz} Hz: ${last.reason}`];
  if (rollup !== 'auto') return [`${given}; their rate was asked for`, ...lately];
  if (rest > budget) return [`${given}: everything else alone took more, so they got the least`, ...lately];
  return [`${given}${all > 0.9 * budget ? ', which binds' : ': all that was worth reading was read'}`, ...lately];
}

function livesText(lives: NonNullable<RecordingSummary['lives']>): string {
  const { isHeard, reason, told, lost, byEvent, mayBeMissed } = lives;
  if (isHeard) return `${byEvent} short-lived processes by event only; ${told} events heard, ${lost} lost`;
  return `nothing is heard between ticks (${reason}); up to ${mayBeMissed} processes or threads may have been missed`;
}

function spikesText({ isOn, reason }: NonNullable<RecordingSummary['peaks']>, hz: number): string {
  if (isOn) return 'resident memory is watched between ticks too: rssLow and rssHigh';
  return `a spike must last ${formatDurationShort(1e9 / hz)} to be seen for certain (${reason})`;
}

/** What takes how many bytes; nothing where nothing can be said. */
function densityLines({ idleFrameBytes, bytesPerChange, keyBytesPerProcess }: Density): string[] {
  const parts = [
    idleFrameBytes === null ? '' : `a tick in which nothing changed ${idleFrameBytes} bytes`,
    bytesPerChange === null ? '' : `a changed value ${bytesPerChange.toFixed(2)}`,
    keyBytesPerProcess === null ? '' : `the key of a block ${keyBytesPerProcess.toFixed(1)} per process`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? [] : [parts.join(', ')];
}

/** Only of a later version: then what it could not read must be told. */
function formatLines({ format }: Recording): string[] {
  if (format.version <= format.known) return [];
  const { version, known, unknownFrames } = format;
  return [`version ${version}, and this program knows versions up to ${known}: ${unknownFrames} frames left out`];
}

function keptText({ step, askedSeconds, heldSeconds, bytesPerSecond, secondsAtPresentRate }: StepRetention): string {
  const what = step === 'full' ? 'every tick' : `each ${step}`;
  const time = (seconds: number) => formatDurationShort(seconds * 1e9);
  const asked = askedSeconds === null ? '' : `, ${time(askedSeconds)} asked for`;
  const rate = `${formatSize(Math.round(bytesPerSecond))}/s`;
  if (secondsAtPresentRate === null) {
    return heldSeconds > 0 ? `${what}: ${time(heldSeconds)} now, at ${rate}${asked}` : `${what}: nothing yet${asked}`;
  }
  const hours = secondsAtPresentRate < HOUR ? '' : ` (${(secondsAtPresentRate / HOUR).toFixed(1)} h)`;
  return `${what}: ${time(heldSeconds)} now, ${time(secondsAtPresentRate)}${hours} when full at the present ${rate}${asked}`;
}

function statShareText(share: number, { hzAsked }: RecordingMetadata): string {
  const percent = (share * 100).toFixed(0);
  const why = hzAsked === 'auto' ? 'so memory is read more often for the budget' : 'more did not fit into a tick';
  return `faults, CPU time and threads read in ${percent} % of the rows, memory in all: ${why}`;
}

/** What the recording cost, in half a line. */
export function ownCostText({ self }: RecordingSummary): string {
  return (
    `${self.cpuSeconds.toFixed(2)} s of CPU, ${(self.cpuShareOfOneCore * 100).toFixed(1)} % of one core, ` +
    `${self.usPerProcessPerTick.toFixed(2)} us per process and tick, ${formatSize(self.residentBytes)} resident`
  );
}

/** Local time of the first instant, RFC 3339. */
/** A list of pids may have thousands. */
function shortened(target: string): string {
  if (target.length <= TARGET_MOST) return target;
  const items = target.split(',');
  const shown = target.slice(0, target.lastIndexOf(',', TARGET_MOST));
  return items.length > 1 ? `${shown},... (${items.length} in all)` : `${target.slice(0, TARGET_MOST)}...`;
}

function startOf(recording: Recording): string {
  return formatTime(BigInt(recording.metadata.startedAt.realNs), { digits: 3 });
}

/** Local time of an instant of the recording, RFC 3339. */
function timeOf(recording: Recording, timeNs: bigint): string {
  return formatTime(recording.clock().toUnix(timeNs), { digits: 3 });
}

function ms(value: number | null): string {
  return value === null ? '-' : `${value} ms`;
}
