/** Node binaries of other versions and processors, from npm's packages node-linux-ARCH. */
import path from 'node:path';
import { installedOnce } from './installed-once.js';

/** The path of the binary; brings it first if it is not there. Throws what npm says. */
export function nodeBinary(version, arch) {
  const name = `node-linux-${arch}`;
  const folder = installedOnce('node', [`${name}@${version}`], { ofAnyProcessor: true });
  return path.join(folder, 'node_modules', name, 'bin/node');
}
