/** The targets over rings and recordings that somebody else wrote; see sealed-damage.ts. */
import fc from 'fast-check';
import { NotARecordingError } from '../../src/recording/format.js';
import { RingFormatError } from '../../src/ring/ring-format-error.js';
import { HEADER } from '../../src/ring/rings.fixture.js';
import { edit } from '../tokenizers/edits.js';
import { planBlocks } from '../torture/block-plan.js';
import { busyRecording, bytesOf } from '../torture/busy-recording.js';
import { ask } from '../torture/damaged-recordings.js';
import type { FuzzContext, FuzzFigures } from './fuzz-target.js';
import { runProperty } from './property-run.js';
import {
  type Hit,
  hits,
  metadataOf,
  readAnyHeader,
  readStruck,
  sealedDamage,
  sealedHeader,
  soundRings,
} from './sealed-damage.js';

/** For a file of half a megabyte, on a busy machine. */
const MOST_MS = 5000;

const edits = fc.array(edit, { minLength: 1, maxLength: 3 });

function timed(read: () => void): void {
  const from = performance.now();
  read();
  const ms = performance.now() - from;
  if (ms > MOST_MS) throw new Error(`it takes ${Math.round(ms)} ms`);
}

export function runHostileRings(context: FuzzContext): Promise<FuzzFigures> {
  const rings = soundRings(context.seed);
  const inputs = fc.record({ ring: fc.nat({ max: rings.length - 1 }), all: hits });
  return runProperty('rings', inputs, ({ ring, all }) => timed(() => readStruck(rings[ring]!, all)), context);
}

/** Headers whose text was changed. */
export function runHostileHeaders(context: FuzzContext): Promise<FuzzFigures> {
  const { sound } = soundRings(context.seed)[0]!;
  const json = metadataOf(sound);
  const inputs = edits.map((all) => all.reduce<Buffer>((text, change) => change(text), Buffer.from(json)));
  const check = (text: Buffer) => timed(() => readAnyHeader(sealedHeader(sound, text, HEADER)));
  return runProperty('ring-headers', inputs, check, context, (text) => JSON.stringify(text.toString('latin1')));
}

/** Recordings whose frames or metadata were changed, asked everything. */
export function runHostileRecordings(context: FuzzContext): Promise<FuzzFigures> {
  const { storage } = busyRecording(context.seed, { ticks: 40, sizeBytes: 600_000 });
  const sound = bytesOf(storage);
  const blocks = planBlocks(sound);
  const json = metadataOf(sound);
  const inputs = fc.oneof(
    { arbitrary: hits.map((all) => ({ all })), weight: 4 },
    edits.map((all) => ({ text: all.reduce<Buffer>((text, change) => change(text), Buffer.from(json)) })),
  );
  const check = (input: { all: Hit[] } | { text: Buffer }) => {
    const bytes = 'all' in input ? sealedDamage(sound, blocks, input.all)[0] : sealedHeader(sound, input.text, HEADER);
    timed(() => {
      try {
        ask(bytes, { files: 0, refused: 0, frames: 0, points: 0, slowestMs: 0 });
      } catch (error) {
        if (!(error instanceof RingFormatError) && !(error instanceof NotARecordingError)) throw error;
      }
    });
  };
  const show = (input: { all: Hit[] } | { text: Buffer }) =>
    JSON.stringify('all' in input ? input.all : input.text.toString('latin1'));
  return runProperty('recordings', inputs, check, context, show);
}
