/** What was started, to be ended in the reverse order. (Node 20 has no AsyncDisposableStack.) */
export class Started implements AsyncDisposable {
  readonly #all: AsyncDisposable[] = [];

  /** Returns what it is given. */
  use<T extends AsyncDisposable>(one: T): T {
    this.#all.push(one);
    return one;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#all.splice(0).reverse()) await one[Symbol.asyncDispose]();
  }
}
