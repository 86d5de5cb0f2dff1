/**
 * Packages for hosts without Node, in out/packages: an archive and a .deb for amd64 and arm64, with the sums of all, a list of what
 * is inside and a Containerfile: `npm run dist`, with Debian's dpkg-dev and xz-utils and what scripts/prebuild.js takes.
 *
 * The same commit makes the same bytes: times are those of SOURCE_DATE_EPOCH or of the commit.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeArchive, writeSums } from './dist/archive.js';
import { debianVersion, makeDeb } from './dist/deb.js';
import { ARCHITECTURES, packLibrary, stageTree } from './dist/staged-tree.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = path.join(root, 'out/packages');
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const { version } = manifest;
const epoch = Number(
  process.env.SOURCE_DATE_EPOCH ?? execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }),
);

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const scratch = mkdtempSync(path.join(tmpdir(), 'tidemark-packages-'));
try {
  const tarball = packLibrary(scratch);
  const made = Object.keys(ARCHITECTURES).flatMap((arch) => {
    const tree = path.join(scratch, arch);
    const name = `tidemark-${version}-linux-${arch}`;
    const files = [`${name}.cdx.json`, `${name}.tar.xz`, `tidemark_${debianVersion(version, 1)}_${arch}.deb`];
    const [sbom, archive, deb] = files.map((file) => path.join(out, file));
    stageTree({ arch, tarball, folder: tree, sbom, epoch });
    makeArchive({ tree, name, file: archive, epoch });
    makeDeb({ tree, file: deb, manifest, arch, revision: 1, epoch, compression: 'xz' });
    rmSync(tree, { recursive: true });
    return files;
  });
  copyFileSync(path.join(root, 'scripts/dist/Containerfile'), path.join(out, 'Containerfile'));
  writeSums(out, [...made, 'Containerfile'].sort());
  console.log(
    [...made, 'Containerfile', 'SHA256SUMS'].map((file) => path.join(path.relative(root, out), file)).join('\n'),
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
