/**
 * What users get: the tarball of `npm pack`, installed into an empty project on a host without a compiler, python or make.
 *
 * The trap: the checkout has all that a user lacks, so nothing of it may be found from there: the project lies elsewhere,
 * and the only program on its PATH is Node.
 */
import { execFileSync, type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface PackedFile {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
}

export class InstalledPackage implements Disposable {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'tidemark-installed-'));
  readonly project = path.join(this.folder, 'project');
  /** The package in the project. */
  readonly package = path.join(this.project, 'node_modules/tidemark');
  readonly tarball: string;
  readonly tarballBytes: number;
  readonly files: readonly PackedFile[];
  readonly #env: NodeJS.ProcessEnv;

  /** Builds what the checkout lacks, packs it, and installs the tarball without running a script. */
  constructor() {
    // Other tests run beside it, and some of them watch the clock.
    const words = [process.execPath, path.join(ROOT, 'scripts/dist/pack.js'), this.folder];
    const [packed] = JSON.parse(execFileSync('nice', words, { encoding: 'utf8', stdio: 'pipe', maxBuffer: 2 ** 24 }));
    this.tarball = path.join(this.folder, packed.filename);
    this.tarballBytes = packed.size;
    this.files = packed.files;

    const bin = path.join(this.folder, 'bin');
    mkdirSync(bin);
    symlinkSync(process.execPath, path.join(bin, 'node'));
    this.#env = { PATH: bin, HOME: process.env.HOME, TMPDIR: this.folder };
    mkdirSync(this.project);
    writeFileSync(path.join(this.project, 'package.json'), '{ "private": true }\n');
    const npm = realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    execFileSync(process.execPath, [npm, 'install', ...options, this.tarball], {
      cwd: this.project,
      env: this.#env,
      stdio: 'pipe',
    });
  }

  /** Runs a program of Node in the project, with nothing else on the PATH. */
  node(words: readonly string[], binary: readonly string[] = [process.execPath]): SpawnSyncReturns<string> {
    const [program, ...before] = binary;
    const options = { cwd: this.project, env: this.#env, encoding: 'utf8' } as const;
    const ended = spawnSync(program!, [...before, ...words], options);
    if (ended.error) throw ended.error;
    return ended;
  }

  /** Runs the command. */
  tidemark(words: readonly string[], binary?: readonly string[]): SpawnSyncReturns<string> {
    return this.node([path.join(this.package, 'dist/cli/main.js'), ...words], binary);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The versions of symbols that a file needs, by family: `GLIBC` to `2.17`. */
export function neededVersions(file: string): Map<string, string> {
  const text = execFileSync('readelf', ['-W', '-V', file], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  const needs = text.slice(text.indexOf('Version needs section'));
  const newest = new Map<string, string>();
  for (const [, family, version] of needs.matchAll(/Name: ([A-Z]+)_([\d.]+)/g)) {
    const before = newest.get(family);
    if (before === undefined || isNewer(version, before)) newest.set(family, version);
  }
  return newest;
}

export function isNewer(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) > 0;
}
