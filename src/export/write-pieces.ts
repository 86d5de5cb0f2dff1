/** Bytes in pieces into a stream of either kind. */
import type { Writable } from 'node:stream';

/** Writes no faster than the stream takes it, and ends the stream. Rejects with what the stream or the pieces fail with. */
export async function writePieces(
  pieces: AsyncIterable<Uint8Array>,
  stream: Writable | WritableStream<Uint8Array>,
): Promise<void> {
  const { Readable } = await import('node:stream');
  const { pipeline } = await import('node:stream/promises');
  await pipeline(Readable.from(pieces, { objectMode: false }), stream as Writable);
}
