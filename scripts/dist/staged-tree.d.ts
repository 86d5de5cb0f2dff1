export function packLibrary(folder: string): string;
export function stageTree(what: {
  arch: 'amd64' | 'arm64';
  tarball: string;
  folder: string;
  sbom: string;
  epoch: number;
}): void;
