/**
 * A sample of the lines of a room, and what the share of something in it says of the whole.
 *
 * The trap: a mutant counts when all of it lies in what was drawn, so single lines would leave out those of blocks, which are
 * killed more easily; pieces are as long as a function of ours.
 */

const PIECE = 24;
/** Of the normal distribution, 95 %. */
const Z = 1.96;

/**
 * About `share` of all lines, as `name:from-to`, beginning with 1. `sources`: { name, lines } of each file. The same seed draws the
 * same.
 */
export function drawPieces(sources, share, seed) {
  const all = sources.flatMap(({ name, lines }) =>
    Array.from({ length: Math.ceil(lines / PIECE) }, (_, at) => `${name}:${at * PIECE + 1}-${(at + 1) * PIECE}`),
  );
  const random = randomOf(seed);
  for (let at = all.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [all[at], all[other]] = [all[other], all[at]];
  }
  return all.slice(0, Math.max(1, Math.round(all.length * share))).sort();
}

/**
 * The share of all hits, and about where it lies in the whole with 95 %. `pieces`: { hits, total } of each that has any. What lies
 * together is alike, so it is the pieces that vary and not each mutant by itself (the ratio estimate of a sample of clusters).
 */
export function shareOfPieces(pieces) {
  const sum = (of) => pieces.reduce((all, piece) => all + of(piece), 0);
  const total = sum((piece) => piece.total);
  const share = sum((piece) => piece.hits) / total;
  const spread = sum((piece) => (piece.hits - share * piece.total) ** 2);
  const error = (Math.sqrt((spread * pieces.length) / (pieces.length - 1)) / total) * Z;
  return { share, low: Math.max(0, share - error), high: Math.min(1, share + error) };
}

/** The place of the piece of its file in which a line lies. */
export function pieceOf(line) {
  return Math.floor((line - 1) / PIECE);
}

/** Numbers from 0 to 1 by the generator mulberry32. */
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
