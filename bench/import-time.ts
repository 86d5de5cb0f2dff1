/**
 * import-time: what `import 'tidemark'` takes beyond a Node that does nothing, from fork to exit: what every program pays that
 * embeds the library, before it has called anything.
 *
 * The traps: an ES module costs Node a few milliseconds though it be empty, so one is measured beside; and the library is found by
 * its URL, since a search through `node_modules` depends on where the program lies.
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../src/text/package.js';
import { alternate } from './alternate.js';
import type { Bench } from './bench-context.js';
import { digits } from './finding-text.js';
import { spreadOf } from './spread.js';
import { wallMs } from './wall-ms.js';

const LIBRARY = pathToFileURL(path.join(packageRoot(), 'dist', 'index.js')).href;

export const importTime: Bench = {
  name: 'import-time',
  summary: 'import of the library, a Node program that does nothing subtracted',
  needsZoo: false,
  async run({ quick, report }) {
    const module = ['--input-type=module', '-e'];
    const [library, bare, empty] = await alternate(
      [
        { name: 'import', round: () => wallMs(process.execPath, [...module, `import ${JSON.stringify(LIBRARY)}`]) },
        { name: 'bare', round: () => wallMs(process.execPath, ['-e', '0']) },
        { name: 'empty module', round: () => wallMs(process.execPath, [...module, '0']) },
      ],
      quick ? 5 : 15,
    );
    const [bareMs, emptyMs] = [spreadOf(bare!).median, spreadOf(empty!).median];
    report({
      what: "import 'tidemark'",
      on: 'a program that does nothing else',
      unit: 'ms',
      ours: { name: 'tidemark, less bare node', samples: library!.map((ms) => Math.max(ms - bareMs, Number.EPSILON)) },
      target: { relation: '<=', value: 25, of: 'ours' },
      also: `node -e 0 takes ${digits(bareMs)} ms, an empty module ${digits(emptyMs)} ms`,
    });
  },
};
