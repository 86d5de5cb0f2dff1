/** What a file says about the recording that it was made of: enough to read its numbers without the recording. */
import type { Recording } from '../recording/recording.js';
import { readVersion } from '../text/package.js';

/** Facts by name; `layout` names the columns' layout and its version. */
export function recordingFacts({ metadata }: Recording, layout: string): Record<string, string> {
  const { host, engine, hz, target, rollup, mappings, sources } = metadata;
  return {
    'tidemark.layout': layout,
    'tidemark.version': readVersion(),
    'tidemark.host': host.hostname,
    'tidemark.kernel': host.kernel,
    'tidemark.architecture': host.architecture,
    'tidemark.boot_id': host.bootId,
    'tidemark.page_size': String(host.pageSize),
    'tidemark.clock_ticks_per_second': String(host.clockTicksPerSecond),
    'tidemark.engine': engine.name,
    'tidemark.hz': String(hz),
    'tidemark.target': target,
    'tidemark.rollup': rollup,
    'tidemark.mappings': mappings,
    ...(sources ? { 'tidemark.sources': JSON.stringify(sources) } : {}),
  };
}
