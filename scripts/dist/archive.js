/** The archive of a staged tree, and the sums of what was made. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimes } from './times.js';

/** What lies below usr, in one folder that is called `name`: for /usr, /usr/local, or anywhere. `level` is of xz. */
export function makeArchive({ tree, name, file, epoch, level = 6 }) {
  setTimes(tree, epoch);
  execFileSync('tar', [
    ...['--sort=name', '--format=gnu', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner'],
    // Two threads: blocks, and so bytes, are others with one, and as many as a host has would differ from host to host.
    ...[
      `--use-compress-program=xz -${level} -T2`,
      '-cf',
      file,
      '-C',
      tree,
      `--transform=flags=r;s,^usr,${name},`,
      'usr',
    ],
  ]);
}

/** As sha256sum writes and checks them. */
export function writeSums(folder, names) {
  const lines = names.map((name) => {
    const sum = createHash('sha256')
      .update(readFileSync(path.join(folder, name)))
      .digest('hex');
    return `${sum}  ${name}\n`;
  });
  writeFileSync(path.join(folder, 'SHA256SUMS'), lines.join(''));
}
