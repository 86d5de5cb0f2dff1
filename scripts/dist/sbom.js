/**
 * What is inside, as CycloneDX: npm's own list of the package and its dependencies, and Node beside it.
 *
 * The traps: npm names what it would install for development as missing, so the manifest it reads has none of that. And its list
 * has the time and a random number in it: here they are the time of the sources and a hash.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PINNED_INTEGRITY, PINNED_NODE } from '../node/node-versions.js';

/** `project` has the manifest and the installed dependencies; its manifest is changed. `epoch` is in seconds. */
export function writeSbom({ project, arch, file, epoch }) {
  const manifestFile = path.join(project, 'package.json');
  const { devDependencies, scripts, ...manifest } = JSON.parse(readFileSync(manifestFile, 'utf8'));
  writeFileSync(manifestFile, JSON.stringify(manifest));
  rmSync(path.join(project, 'package-lock.json'), { force: true });
  const words = ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--omit=peer'];
  const listed = execFileSync('npm', words, { cwd: project, encoding: 'utf8', stdio: 'pipe' });
  const { serialNumber, ...sbom } = JSON.parse(listed);
  sbom.metadata.timestamp = new Date(epoch * 1000).toISOString();
  // npm calls it as the folder is called.
  sbom.metadata.component.name = manifest.name;
  const node = nodeComponent(arch);
  sbom.components.push(node);
  sbom.dependencies.find(({ ref }) => ref === sbom.metadata.component['bom-ref']).dependsOn.push(node['bom-ref']);
  sbom.dependencies.push({ ref: node['bom-ref'], dependsOn: [] });
  const { bomFormat, specVersion, ...rest } = sbom;
  const whole = { bomFormat, specVersion, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(sbom))}`, ...rest };
  writeFileSync(file, `${JSON.stringify(whole, null, 2)}\n`);
}

function nodeComponent(arch) {
  const name = `node-linux-${arch}`;
  const reference = `${name}@${PINNED_NODE}`;
  const content = Buffer.from(PINNED_INTEGRITY[arch].replace('sha512-', ''), 'base64').toString('hex');
  return {
    'bom-ref': reference,
    type: 'platform',
    name,
    version: PINNED_NODE,
    scope: 'required',
    description: 'Node.js',
    purl: `pkg:npm/${reference}`,
    hashes: [{ alg: 'SHA-512', content }],
    licenses: [{ license: { name: 'Node.js licence: lib/tidemark/bin/LICENSE' } }],
  };
}

/** Version 8 of RFC 9562: what an application makes. */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
