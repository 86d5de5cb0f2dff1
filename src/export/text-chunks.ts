/** Lines joined to pieces of a size that a stream likes: one write per line would cost more than the line. */

const CHUNK_CHARACTERS = 64 * 1024;

export function* inChunks(lines: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
