/**
 * The tree of a package with a Node of its own, as it lies below / when it is installed: usr/bin/tidemark, usr/lib/tidemark with
 * the package as npm packs it, its dependencies as the lock file has them and Node, and what Debian looks for elsewhere.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { unpackPinnedNode } from '../node/pinned-node.js';
import { copyrightText } from './copyright.js';
import { writeSbom } from './sbom.js';
import { writeText } from './write-text.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What Debian and npm call the same processor. */
export const ARCHITECTURES = { amd64: 'x64', arm64: 'arm64' };

/** Returns the path of the tarball of the library. */
export function packLibrary(folder) {
  const script = path.join(root, 'scripts/dist/pack.js');
  const [{ filename }] = JSON.parse(execFileSync(process.execPath, [script, folder], { encoding: 'utf8' }));
  return path.join(folder, filename);
}

/** `sbom` is the path of the list of what is inside. Throws what npm and tar say. */
export function stageTree({ arch, tarball, folder, sbom, epoch }) {
  const library = path.join(folder, 'usr/lib/tidemark');
  mkdirSync(library, { recursive: true });
  execFileSync('tar', ['-xzf', tarball, '-C', library, '--strip-components=1', '--no-same-owner']);
  for (const name of readdirSync(path.join(library, 'prebuilds'))) {
    if (name !== `linux-${ARCHITECTURES[arch]}`) rmSync(path.join(library, 'prebuilds', name), { recursive: true });
  }
  const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-dist-'));
  try {
    installDependencies(scratch, ARCHITECTURES[arch]);
    cpSync(path.join(scratch, 'node_modules'), path.join(library, 'node_modules'), { recursive: true });
    for (const hidden of ['.bin', '.package-lock.json']) {
      rmSync(path.join(library, 'node_modules', hidden), { recursive: true, force: true });
    }
    writeSbom({ project: scratch, arch: ARCHITECTURES[arch], file: sbom, epoch });
    unpackPinnedNode(ARCHITECTURES[arch], path.join(scratch, 'node'));
    placeNode(path.join(scratch, 'node'), library);
  } finally {
    rmSync(scratch, { recursive: true });
  }
  placeForDebian(library, folder);
}

/**
 * As the lock file has them, and nothing of them is run. What is for development is taken out of both files first: npm looks at the
 * folders of this checkout among it though it is left out.
 */
function installDependencies(project, cpu) {
  const [manifest, lock] = ['package.json', 'package-lock.json'].map((file) =>
    JSON.parse(readFileSync(path.join(root, file), 'utf8')),
  );
  delete manifest.devDependencies;
  delete lock.packages[''].devDependencies;
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).filter(([place, { dev, devOptional, link }]) => {
      return !dev && !devOptional && !link && (place === '' || place.startsWith('node_modules/'));
    }),
  );
  writeText(path.join(project, 'package.json'), JSON.stringify(manifest));
  writeText(path.join(project, 'package-lock.json'), JSON.stringify(lock));
  const options = ['--omit=dev', '--omit=peer', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  execFileSync('npm', ['ci', ...options, '--os=linux', `--cpu=${cpu}`], { cwd: project, stdio: 'pipe' });
}

function placeNode(node, library) {
  mkdirSync(path.join(library, 'bin'));
  copyFileSync(path.join(node, 'bin/node'), path.join(library, 'bin/node'));
  chmodSync(path.join(library, 'bin/node'), 0o755);
  copyFileSync(path.join(node, 'LICENSE'), path.join(library, 'bin/LICENSE'));
}

function placeForDebian(library, folder) {
  const share = path.join(folder, 'usr/share');
  const wrapper = path.join(folder, 'usr/bin/tidemark');
  writeText(wrapper, readFileSync(path.join(root, 'scripts/dist/wrapper.sh'), 'utf8'));
  chmodSync(wrapper, 0o755);
  for (const page of readdirSync(path.join(library, 'dist/man'))) {
    writeText(path.join(share, 'man/man1', `${page}.gz`), zipped(path.join(library, 'dist/man', page)));
  }
  for (const [name, place] of [
    ['tidemark', 'bash-completion/completions/tidemark'],
    ['_tidemark', 'zsh/vendor-completions/_tidemark'],
    ['tidemark.fish', 'fish/vendor_completions.d/tidemark.fish'],
  ]) {
    writeText(path.join(share, place), readFileSync(path.join(library, 'dist/completions', name)));
  }
  const units = path.join(library, 'deploy/systemd');
  for (const [name, place] of [
    ['tidemark-agent.service', 'usr/lib/systemd/system/tidemark-agent.service'],
    ['tidemark.sysusers', 'usr/lib/sysusers.d/tidemark.conf'],
    ['agent.conf', 'etc/tidemark/agent.conf'],
    ['tidemark.env', 'etc/default/tidemark'],
    ...['ptrace.conf', 'pagemap.conf', 'bpf.conf'].map((name) => [name, `usr/share/doc/tidemark/examples/${name}`]),
  ]) {
    writeText(path.join(folder, place), readFileSync(path.join(units, name)));
  }
  const overrides = readFileSync(path.join(root, 'scripts/dist/debian/lintian-overrides'));
  writeText(path.join(share, 'lintian/overrides/tidemark'), overrides);
  const doc = path.join(share, 'doc/tidemark');
  writeText(path.join(doc, 'changelog.gz'), zipped(path.join(library, 'CHANGELOG.md')));
  writeText(path.join(doc, 'copyright'), copyrightText(library));
}

/** Node's header of gzip has no time in it. */
function zipped(file) {
  return gzipSync(readFileSync(file), { level: 9 });
}
