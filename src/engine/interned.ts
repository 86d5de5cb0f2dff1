/**
 * The same bytes or the same text once: thousands of processes have a few dozen names and programs between them, and an
 * array of bytes takes two hundred bytes beside what is in it.
 *
 * The trap: names are hostile, and a process may have a new one every millisecond. So what is remembered is bounded, and what
 * is long, which few have in common, is not remembered.
 */
const MOST = 4096;
const LONGEST = 1024;

const names = new Map<string, Uint8Array>();
const texts = new Map<string, string>();

/** An array with these bytes that nobody changes; the one that is given may be changed afterwards. */
export function internedBytes(bytes: Uint8Array): Uint8Array {
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return remembered(names, key, () => bytes.slice());
}

/** A text that is equal to this one. */
export function internedText(text: string): string {
  if (text.length > LONGEST) return text;
  return remembered(texts, text, () => text);
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  if (known.size >= MOST) known.clear();
  const made = make();
  known.set(key, made);
  return made;
}
