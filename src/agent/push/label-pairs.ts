/** The labels of a sample, from the text that stands between the braces of an exposition to names and values as they are. */
const PAIR = /([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

export type LabelPair = readonly [name: string, value: string];

export function labelPairs(text: string): LabelPair[] {
  return Array.from(text.matchAll(PAIR), ([, name, value]) => [
    name!,
    value!.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character)),
  ]);
}
