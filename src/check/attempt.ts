/** A fact that this host may not tell: the value, or undefined when reading it fails. Only for facts that are optional. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
