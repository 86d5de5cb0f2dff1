export const NODE_VERSIONS: Readonly<Record<20 | 22 | 24, string>>;
export const PINNED_NODE: string;
export const PINNED_INTEGRITY: Readonly<Record<'x64' | 'arm64', string>>;
