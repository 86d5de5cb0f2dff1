export function nodeBinary(version: string, arch: string): string;
