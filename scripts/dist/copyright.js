/** The file that Debian wants of every package: whose it is and what may be done with it. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Of the staged library. */
export function copyrightText(library) {
  const licence = readFileSync(path.join(library, 'LICENSE'), 'utf8').trim();
  const [, holder] = /^Copyright (?:\(c\) )?(.+)$/m.exec(licence);
  const modules = modulesBelow(path.join(library, 'node_modules'));
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    '',
    ...['Files: *', `Copyright: ${holder}`, 'License: Expat', ''],
    ...['Files: usr/lib/tidemark/bin/node', 'Copyright: Node.js contributors', 'License: Node', ''],
    ...modules.flatMap(({ folder, license }) => [
      `Files: usr/lib/tidemark/node_modules/${folder}/*`,
      `Copyright: see usr/lib/tidemark/node_modules/${folder}`,
      `License: ${license}`,
      '',
    ]),
    ...['License: Expat', ...licence.split('\n').map((line) => ` ${line.trim() || '.'}`), ''],
    ...['License: Node', ' That of Node and of all that is linked into it: /usr/lib/tidemark/bin/LICENSE', ''],
  ].join('\n');
}

function modulesBelow(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /^(?:(?:@[^/]+\/)?[^/@][^/]*\/node_modules\/)*(?:@[^/]+\/)?[^/@][^/]*\/package\.json$/.test(name))
    .map((name) => ({
      folder: path.dirname(name),
      license: JSON.parse(readFileSync(path.join(folder, name), 'utf8')).license,
    }))
    .sort((one, other) => (one.folder < other.folder ? -1 : 1));
}
