/**
 * The ways in which a file is spoilt. Each gives new bytes and leaves the sound ones alone.
 *
 * The trap: what a disk does is not what a random number does. A power cut mixes pages of two instants, a bad controller
 * swaps or zeroes whole pages, a copy is cut anywhere; single bits flip in memory.
 */
import type { Random } from './random.js';

const PAGE = 4096;

export interface Spoilt {
  readonly bytes: Uint8Array;
  readonly kind: DamageKind;
  /** In words, to repeat and to report it. */
  readonly how: string;
}

export type DamageKind = 'bits' | 'cut' | 'zeroed-pages' | 'swapped-pages' | 'two-generations' | 'noise';

export const DAMAGE_KINDS: readonly DamageKind[] = [
  'bits',
  'cut',
  'zeroed-pages',
  'swapped-pages',
  'two-generations',
  'noise',
];

/** `older` is the same file at an earlier instant. The damage begins in bytes `from` to `to` - 1. */
export function spoil(
  kind: DamageKind,
  sound: Uint8Array,
  older: Uint8Array,
  random: Random,
  from: number,
  to = sound.length,
): Spoilt {
  const bytes = Uint8Array.from(sound);
  const within = () => from + random.below(to - from);
  const lastPage = Math.floor(sound.length / PAGE) - 1;
  const page = () => Math.min(lastPage, Math.floor(within() / PAGE)) * PAGE;
  const places: number[] = [];
  const times = 1 + random.below(4);
  for (let time = 0; time < times; time++) {
    const at = kind === 'bits' || kind === 'noise' ? within() : page();
    places.push(at);
    if (kind === 'cut') return cutAt(sound, within());
    if (kind === 'bits') bytes[at]! ^= 1 << random.below(8);
    if (kind === 'zeroed-pages') bytes.fill(0, at, at + PAGE);
    if (kind === 'two-generations') bytes.set(older.subarray(at, at + PAGE), at);
    if (kind === 'swapped-pages') {
      const other = page();
      const held = bytes.slice(at, at + PAGE);
      bytes.copyWithin(at, other, other + PAGE);
      bytes.set(held, other);
      places.push(other);
    }
    if (kind === 'noise') {
      const length = 1 + random.below(200);
      for (let byte = at; byte < Math.min(bytes.length, at + length); byte++) bytes[byte] = random.below(256);
    }
  }
  return { bytes, kind, how: `${kind} at ${places.join(', ')}` };
}

export function cutAt(sound: Uint8Array, length: number): Spoilt {
  return { bytes: sound.subarray(0, length), kind: 'cut', how: `cut at ${length}` };
}
