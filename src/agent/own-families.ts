/** What the agent tells of itself: its cost, what it lost, and how far its answers can be relied on. */
import type { CaptureCounts } from './captures.js';
import type { Family, FamilyType } from './exposition.js';
import type { PushCounts, PushKind } from './push/pusher.js';

export interface ReloadFacts {
  /** Whether the last one was. */
  readonly isSuccessful: boolean;
  /** When the last successful one was, Unix seconds. */
  readonly succeededSeconds: number;
}

export interface OwnFacts {
  readonly version: string;
  readonly engine: string;
  /** What each series has: `host="a",` or ''. */
  readonly constant: string;
  readonly isRecording: boolean;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly budget: number;
  readonly ticks: number;
  readonly missedTicks: number;
  readonly lostFrames: number;
  readonly processes: number;
  readonly withoutPss: number;
  readonly folded: number;
  readonly heldSeconds: number;
  /** How long a spike must last to be seen for certain, when it is not the highest that its process ever had. */
  readonly guaranteeSeconds: number;
  /** Where it pushes. */
  readonly pushes: readonly (readonly [kind: PushKind, counts: PushCounts])[];
  readonly captures?: CaptureCounts;
  /** Where there is a configuration that was read again, or can be. */
  readonly reload?: ReloadFacts;
}

export function ownFamilies(facts: OwnFacts): Family[] {
  const one = (name: string, type: FamilyType, help: string, value: number, more = ''): Family => ({
    ...{ name: `tidemark_${name}`, type, help },
    samples: [{ labels: `${facts.constant}${more}`.replace(/,$/, ''), value }],
  });
  const build = `version="${facts.version}",engine="${facts.engine}"`;
  return [
    one('build_info', 'info', 'The agent that tells this', 1, build),
    one('recording', 'gauge', 'Whether the agent is recording: 1, or 0 when it has ended', facts.isRecording ? 1 : 0),
    one('cpu_seconds_total', 'counter', 'CPU time of the agent, all of it', facts.cpuSeconds),
    one('resident_memory_bytes', 'gauge', 'Resident memory of the agent', facts.residentBytes),
    one('budget_ratio', 'gauge', 'CPU time that the agent may take, of one core', facts.budget),
    one('ticks_total', 'counter', 'Sweeps over all processes', facts.ticks),
    one('missed_ticks_total', 'counter', 'Sweeps that were due and could not be made', facts.missedTicks),
    one('lost_frames_total', 'counter', 'Sweeps that were overwritten before they were added up', facts.lostFrames),
    one('processes', 'gauge', 'Processes that are recorded, kernel threads left out', facts.processes),
    one('processes_without_pss', 'gauge', 'Those whose PSS was not read, or may not be', facts.withoutPss),
    one('groups_folded', 'gauge', 'Groups with processes that are told as other', facts.folded),
    one('ring_held_seconds', 'gauge', 'How far back the ring reaches', facts.heldSeconds),
    one(
      'peak_guarantee_seconds',
      'gauge',
      'How long a spike that is not the highest of its process must last to show in a maximum for certain',
      facts.guaranteeSeconds,
    ),
    ...pushFamilies(facts),
    ...captureFamilies(facts),
    ...(facts.reload ? reloadFamilies(facts.reload, one) : []),
  ];
}

function reloadFamilies(
  { isSuccessful, succeededSeconds }: ReloadFacts,
  one: (name: string, type: FamilyType, help: string, value: number) => Family,
): Family[] {
  return [
    one(
      'config_last_reload_successful',
      'gauge',
      'Whether the last reading of the configuration was successful',
      isSuccessful ? 1 : 0,
    ),
    one(
      'config_last_reload_success_timestamp_seconds',
      'gauge',
      'When the configuration was last read with success',
      succeededSeconds,
    ),
  ];
}

function pushFamilies({ pushes, constant }: OwnFacts): Family[] {
  if (pushes.length === 0) return [];
  const family = (
    name: string,
    type: FamilyType,
    help: string,
    told: (counts: PushCounts) => [string, number][],
  ): Family => ({
    ...{ name: `tidemark_push_${name}`, type, help },
    samples: pushes.flatMap(([kind, counts]) =>
      told(counts).map(([more, value]) => ({ labels: `${constant}to="${kind}"${more}`, value })),
    ),
  });
  return [
    family('samples_total', 'counter', 'Samples that were pushed, and those that never will be', (counts) => [
      [',result="sent"', counts.sent],
      [',result="dropped"', counts.dropped],
      [',result="refused"', counts.refused],
    ]),
    family('retries_total', 'counter', 'Pushes that failed and are tried again', (counts) => [['', counts.retries]]),
    family('queue_bytes', 'gauge', 'What waits on disk to be pushed', (counts) => [['', counts.queuedBytes]]),
  ];
}

function captureFamilies({ captures, constant }: OwnFacts): Family[] {
  if (!captures) return [];
  const samples = Object.entries(captures).map(([result, value]) => ({
    labels: `${constant}result="${result}"`,
    value,
  }));
  const help = 'Captures that were made, that failed, and that were left out for others';
  return [{ name: 'tidemark_captures_total', type: 'counter', help, samples }];
}
