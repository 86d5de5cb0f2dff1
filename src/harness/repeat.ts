/** Waits only for what is a promise: `await` of a plain value would allocate as well. */
export async function repeat(fn: () => unknown, times: number): Promise<void> {
  for (let call = 0; call < times; call++) {
    const result = fn();
    if (result instanceof Promise) await result;
  }
}
