/** What the page says of the recording itself: what it is, what it cost, what it could not see. */
import type { RecordingMetadata } from '../recording/format.js';
import type { Recording } from '../recording/recording.js';
import type { RecordingSummary } from '../recording/summary.js';
import { formatDurationShort } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { formatSize } from '../text/size.js';
import type { Collector } from './collector.js';
import type { ProcessRecord } from './process-record.js';

type Facts = [label: string, text: string][];

export function recordingFacts(recording: Recording, summary: RecordingSummary): Facts {
  const { host, engine, target, hz, rollup, mappings, sources } = recording.metadata;
  const hosts = sources?.map(({ hostname }) => hostname).join(', ') ?? host.hostname;
  return [
    ['Host', escapeTerminal(`${hosts}, Linux ${host.kernel} ${host.architecture}`)],
    ['Recorded', escapeTerminal(`${target}, ${formatDurationShort(summary.durationSeconds * 1e9)} at ${hz} Hz`)],
    ['Deep reads', escapeTerminal(`PSS and USS: ${rollup}; mappings: ${mappings}`)],
    ['Engine', escapeTerminal(engine.name)],
    ['Processes', `${summary.processes.seen} seen, ${summary.processes.max} at once`],
    ['Points', `${summary.points} in ${formatSize(recording.usedBytes)}`],
  ];
}

export function costFacts({ budget }: RecordingMetadata, { self, ticks }: RecordingSummary): Facts {
  const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
  const ms = (value: number | null) => (value === null ? 'not known' : `${value} ms`);
  const { deepShareOfOneCore: deep } = self;
  return [
    ['CPU', `${self.cpuSeconds.toFixed(2)} s, ${percent(self.cpuShareOfOneCore)} of one core`],
    ['Of that, deep reads', deep === null ? 'not known' : percent(deep)],
    ['Budget', budget === undefined ? 'none was recorded' : `${percent(budget)} of one core`],
    ['Per process and tick', `${self.usPerProcessPerTick.toFixed(2)} us`],
    ['Resident', formatSize(self.residentBytes)],
    [
      'Ticks late by',
      `${ms(ticks.latenessMs.p50)} median, ${ms(ticks.latenessMs.p99)} p99, ${ms(ticks.latenessMs.max)} most`,
    ],
  ];
}

/** One sentence for each thing that the recording lacks. */
export function unseenSentences(
  metadata: RecordingMetadata,
  summary: RecordingSummary,
  collector: Collector,
  records: readonly ProcessRecord[],
): string[] {
  const { ticks, coverage, damage, lives, peaks, lostEvents, statShare } = summary;
  const all = Object.entries(coverage.dropped).map(([reason, rows]) => `${rows} ${reason}`);
  const denied = records.filter((record) => record.denied > 0 && record.reads === 0).length;
  const period = formatDurationShort(1e9 / metadata.hz);
  const perhaps = (isSo: boolean, sentence: string) => (isSo ? [sentence] : []);
  return [
    ...perhaps(collector.frames === 0, 'It holds no tick.'),
    ...perhaps(ticks.missed > 0, `${ticks.missed} of ${ticks.expected} ticks were missed.`),
    ...perhaps(
      all.length > 0,
      `${coverage.attempted - coverage.stored} of ${coverage.attempted} rows were not stored: ${all.join(', ')}.`,
    ),
    ...perhaps(denied > 0, `PSS and USS of ${denied} ${denied === 1 ? 'process' : 'processes'} were denied.`),
    ...perhaps(metadata.rollup === 'off', 'PSS, USS and swap were not read.'),
    ...perhaps(
      metadata.rollup === 'auto',
      'PSS and USS are read when a process has moved; between two reads they are estimated.',
    ),
    ...perhaps(
      metadata.mappings === 'off',
      'Mappings were not read: there are no classes of memory and no address spaces.',
    ),
    ...perhaps(statShare < 1, `Faults and CPU time were read in ${(statShare * 100).toFixed(0)} % of the rows.`),
    ...(lives && !lives.isHeard
      ? [
          `Nothing is heard between ticks (${lives.reason}); up to ${lives.mayBeMissed} processes or threads may have been missed.`,
        ]
      : []),
    ...(lives?.isHeard
      ? [
          `${lives.byEvent} processes lived between two ticks and are told by events only; ${lives.lost} events were lost.`,
        ]
      : []),
    ...(peaks?.isOn ? [] : [`A spike must last ${period} to be seen for certain.`]),
    ...perhaps(
      lostEvents.events + lostEvents.lives > 0,
      `${lostEvents.events + lostEvents.lives} events have been overwritten.`,
    ),
    ...damage.map(({ offset, reason }) => `Damage at byte ${offset}: ${reason}.`).slice(0, 20),
    ...perhaps(damage.length > 20, `Damage in ${damage.length - 20} more places.`),
    ...perhaps(
      collector.unlisted > 0,
      `${collector.unlisted} short-lived processes are counted in the sums and not listed.`,
    ),
    'Memory of the kernel, of the page cache and of what no process maps is not part of any process.',
  ].map((sentence) => escapeTerminal(sentence));
}
