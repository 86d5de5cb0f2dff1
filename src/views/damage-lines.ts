/** What is wrong with a recording and what was lost by it, for people. */
import type { Recording } from '../recording/recording.js';

const REASONS: Record<string, string> = {
  truncated: 'the file ends too early',
  'bad-block-header': 'the header of a block is damaged: the block is lost',
  'duplicate-block': 'a block stands there twice: the second is left out',
  'bad-frame': 'a frame is damaged: the rest of its block is lost, or of a ring of events that frame',
  'bad-payload': 'a frame holds what no writer writes: the rest of its block is lost',
};

/** The name of a ring by its number, where it is known. */
export function ringAt(recording: Recording, ring: number): string | null {
  return recording.rings[ring]?.name ?? null;
}

export function damageLines(recording: Recording): string[] {
  return recording.damage.map(({ offset, ring, blockSequence, reason }) => {
    const where = ringAt(recording, ring);
    const block = where === null ? '' : ` (ring ${where}${blockSequence > 0 ? `, block ${blockSequence}` : ''})`;
    return `byte ${offset}${block}: ${REASONS[reason] ?? reason}`;
  });
}

export function lostLines(lost: Readonly<Record<string, number>>, isWhole: boolean): string[] {
  const rings = Object.entries(lost).filter(([, frames]) => frames > 0);
  if (isWhole && rings.length === 0) return ['nothing was damaged, nothing is lost'];
  if (rings.length === 0) return ['between what could be read nothing is missing'];
  return [`lost, at least: ${rings.map(([name, frames]) => `${frames} frames of ${name}`).join(', ')}`];
}
