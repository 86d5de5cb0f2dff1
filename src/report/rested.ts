/**
 * Something that takes long to find out: found out anew only after so much longer that it takes a small share of all time.
 */

const REST = 30;

export class Rested<T> {
  #found: { readonly value: T; readonly untilMs: number } | undefined;

  constructor(private readonly find: () => T) {}

  /** What was found, not long ago; with `isLast`, what is to be found now. */
  get(isLast: boolean): T {
    const before = performance.now();
    if (!isLast && this.#found && before < this.#found.untilMs) return this.#found.value;
    const value = this.find();
    const after = performance.now();
    this.#found = { value, untilMs: after + REST * (after - before) };
    return value;
  }
}
