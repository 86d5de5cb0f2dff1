export function makeArchive(what: { tree: string; name: string; file: string; epoch: number; level?: number }): void;
export function writeSums(folder: string, names: readonly string[]): void;
