export function makeDeb(what: {
  tree: string;
  file: string;
  manifest: { version: string; description: string };
  arch: 'amd64' | 'arm64';
  revision: number;
  epoch: number;
  compression: 'xz' | 'none';
}): void;
