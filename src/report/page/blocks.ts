/** The blocks of data: of base64 in the page, or of an answer of the server that the page follows. */

const updates = new Map<string, string>();

/** Takes blocks that replace those in the page. */
export function updateBlocks(blocks: Readonly<Record<string, string>>): void {
  updates.clear();
  for (const [name, text] of Object.entries(blocks)) updates.set(name, text);
}

/** The bytes of a block; undefined when there is none of that name. */
export async function readBlock(name: string): Promise<Uint8Array | undefined> {
  const text =
    updates.get(name) ?? (updates.size > 0 ? undefined : document.getElementById(`block-${name}`)?.textContent);
  if (!text) return undefined;
  const inflated = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(inflated).arrayBuffer());
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
