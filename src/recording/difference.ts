/**
 * Whether another writer may go on with a recording.
 *
 * The trap: its rings are those that its first writer asked for, and what is written into others would be read wrongly.
 */
import type { RingSpec } from '../ring/ring-table.js';
import { COMMANDS_RING, type RecordingMetadata, ringSpecs, V8_RING } from './format.js';
import type { Recording } from './recording.js';

const OPTIONAL_RINGS = new Set([COMMANDS_RING, V8_RING]);

/** What keeps two writers from one recording, in words that follow "it was recorded". */
export function differenceOf(recording: Recording, metadata: RecordingMetadata): string | undefined {
  const { host, hz, mappings, mappingColumns, procfs, keep } = metadata;
  const before = recording.metadata;
  if (before.host.hostname !== host.hostname) return `on host ${before.host.hostname}, and this is ${host.hostname}`;
  if (before.procfs !== procfs) return `from ${before.procfs}`;
  if (before.hz !== hz) return `at ${before.hz} Hz`;
  if ((before.mappings === 'off') !== (mappings === 'off')) return `with mappings ${before.mappings}`;
  // Who does not ask for a ladder goes on with the one that is there.
  if (keep !== undefined && before.keep !== keep)
    return before.keep === undefined ? 'without --keep' : `with --keep ${before.keep}`;
  // Another engine may go on: what it does not read is absent, and what has no column is left out.
  // How the file is shared out may change from version to version, and an older one had no command lines.
  // Figures of V8 are left out where there is no ring for them.
  const shape = (rings: readonly RingSpec[]) =>
    JSON.stringify(rings.filter(({ name }) => !OPTIONAL_RINGS.has(name)).map(({ share: _, ...rest }) => rest));
  const isSame =
    shape(recording.rings) ===
      shape(
        ringSpecs({
          engine: before.engine,
          host,
          hz,
          mappings,
          ...(before.keep === undefined ? {} : { keep: before.keep }),
          // Who asks for a tier that has no ring there goes without, and who asks for none leaves its ring alone.
          hostTier: before.hostTier,
          cgroupTier: before.cgroupTier,
        }),
      ) && JSON.stringify(before.mappingColumns) === JSON.stringify(mappingColumns);
  return isSame ? undefined : 'by a version with other metrics or units';
}
