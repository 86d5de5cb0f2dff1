/** What V8 told, in the lines and the JSON of `tidemark info`. */
import { MEMORY_PARTS, type MemoryParts, memoryParts } from '../analyze/memory-parts.js';
import { spanV8 } from '../analyze/v8-activity.js';
import type { Recording } from '../recording/recording.js';
import type { V8Isolate } from '../recording/v8-parts.js';
import { formatSize } from '../text/size.js';

interface Told {
  readonly isolate: V8Isolate;
  readonly heaps: number;
  readonly used: { readonly first: number; readonly last: number; readonly peak: number };
  readonly external: { readonly first: number; readonly last: number; readonly peak: number };
  readonly collections: number;
  readonly collectionsByKind: Readonly<Record<string, number>>;
  readonly pauseNs: number;
  readonly longestPauseNs: number;
  readonly memory: MemoryParts | undefined;
}

/** Undefined where nothing was told. */
export function v8InfoJson(recording: Recording): Record<string, unknown> | undefined {
  const told = toldBy(recording);
  if (!told) return undefined;
  const { isolate, memory, ...rest } = told;
  const { pid, startTicks, thread } = isolate;
  const { resident = 0, parts = {} } = memory ?? {};
  return { pid, startTicks, thread, ...rest, ...(memory ? { memory: { resident, parts } } : {}) };
}

export function v8InfoTexts(recording: Recording): string[] {
  const told = toldBy(recording);
  if (!told) return [];
  const { used, external, collections, pauseNs, longestPauseNs, memory } = told;
  const range = ({ first, last, peak }: Told['used']) =>
    `${formatSize(first)} at first, ${formatSize(last)} at last, ${formatSize(peak)} at most`;
  const pauses = `${(pauseNs / 1e6).toFixed(1)} ms, the longest ${(longestPauseNs / 1e6).toFixed(1)} ms`;
  const lines = [
    `heap in use ${range(used)}; external ${range(external)}`,
    `${collections} collections in ${collections === 0 ? '0 ms' : pauses}`,
  ];
  if (!memory) return lines;
  const parts = MEMORY_PARTS.filter((part) => memory.parts[part] > 0).map(
    (part) => `${part} ${formatSize(memory.parts[part])}`,
  );
  return [...lines, `resident ${formatSize(memory.resident)} = ${parts.join(' + ')}`];
}

function toldBy(recording: Recording): Told | undefined {
  const records = recording.v8();
  const heaps = records.flatMap(({ event }) => (event.type === 'v8Heap' ? [event] : []));
  const [first, last] = [heaps[0], heaps.at(-1)];
  if (!first || !last) return undefined;
  const all = spanV8(records, records[0]!.timeNs, records.at(-1)!.timeNs);
  const range = (of: 'used' | 'external', peak = 0) => ({
    first: first[of],
    last: last[of],
    peak: heaps.reduce((most, heap) => Math.max(most, heap[of]), peak),
  });
  const { collections, collectionsByKind, pauseNs, longestPauseNs } = all;
  return {
    isolate: first,
    heaps: heaps.length,
    used: range('used', all.peakUsedBytes),
    external: range('external'),
    ...{ collections, collectionsByKind, pauseNs, longestPauseNs },
    memory: memoryParts(recording, first),
  };
}
