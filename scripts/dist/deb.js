/**
 * A .deb of a staged tree, by dpkg-deb.
 *
 * The trap: what dpkg writes has times in it, of the files and of itself; with the same times it is the same bytes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { setTimes } from './times.js';
import { writeText } from './write-text.js';

const debian = fileURLToPath(new URL('debian/', import.meta.url));
const MAINTAINER = 'Tidemark maintainers <maintainers@tidemark.invalid>';
/** Of the Node that is pinned: GLIBC_2.28 and GLIBCXX_3.4.21 are the newest that it needs. */
const DEPENDS = 'libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 5.2)';

/** As Debian sorts them: a release candidate comes before its release. */
export function debianVersion(version, revision) {
  return `${version.replace('-', '~')}-${revision}`;
}

/** Writes `file`. `compression` is what dpkg-deb calls it: `xz`, or `none` for a test. */
export function makeDeb({ tree, file, manifest, arch, revision, epoch, compression }) {
  const control = path.join(tree, 'DEBIAN');
  rmSync(control, { recursive: true, force: true });
  const debianChanges = changesOf(debianVersion(manifest.version, revision), epoch);
  writeText(path.join(tree, 'usr/share/doc/tidemark/changelog.Debian.gz'), gzipSync(debianChanges, { level: 9 }));
  const files = filesBelow(tree);
  const kib = Math.ceil(files.reduce((sum, name) => sum + statSync(path.join(tree, name)).size, 0) / 1024);
  mkdirSync(control);
  for (const script of ['postinst', 'prerm', 'postrm']) {
    cpSync(path.join(debian, script), path.join(control, script));
    chmodSync(path.join(control, script), 0o755);
  }
  const lines = [
    'Package: tidemark',
    `Version: ${debianVersion(manifest.version, revision)}`,
    `Architecture: ${arch}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${kib}`,
    `Depends: ${DEPENDS}`,
    ...['Section: admin', 'Priority: optional'],
    `Description: ${manifest.description.split(':')[0].replace(/^An? /, '')}`,
    ` ${manifest.description.split(': ')[1]}.`,
    ' With a Node of its own.',
  ];
  writeFileSync(path.join(control, 'control'), `${lines.join('\n')}\n`);
  const configuration = files.filter((name) => name.startsWith('etc/'));
  writeFileSync(path.join(control, 'conffiles'), configuration.map((name) => `/${name}\n`).join(''));
  const sums = files
    .filter((name) => !name.startsWith('etc/'))
    .map((name) => `${md5(path.join(tree, name))}  ${name}\n`);
  writeFileSync(path.join(control, 'md5sums'), sums.join(''));
  setTimes(tree, epoch);
  execFileSync('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '--build', tree, file], {
    stdio: 'pipe',
    env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) },
  });
  rmSync(control, { recursive: true });
}

/** Debian wants a list of its own beside that of the program. */
function changesOf(version, epoch) {
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  const change = 'What the program itself changed is in changelog.gz.';
  return `tidemark (${version}) stable; urgency=medium\n\n  * ${change}\n\n -- ${MAINTAINER}  ${date}\n`;
}

function filesBelow(tree) {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(tree, path.join(entry.parentPath, entry.name)))
    .sort();
}

function md5(file) {
  return createHash('md5').update(readFileSync(file)).digest('hex');
}
