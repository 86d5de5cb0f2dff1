/**
 * The blocks of data: of base64 in the page, or of an answer of the server that the page follows.
 *
 * The trap: what is said in one version of the blocks is true of that version only; so each recording keeps its own.
 */

/** Base64 of a block by its name; undefined where there is none. */
export type BlockTexts = (name: string) => string | null | undefined;

export const blocksInPage: BlockTexts = (name) => document.getElementById(`block-${name}`)?.textContent;

export function blocksOfAnswer(blocks: Readonly<Record<string, string>>): BlockTexts {
  const texts = new Map(Object.entries(blocks));
  return (name) => texts.get(name);
}

/** The bytes of a block; undefined when there is none of that name. */
export async function readBlock(texts: BlockTexts, name: string): Promise<Uint8Array | undefined> {
  const text = texts(name);
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
