/** A plugin of esbuild for modules that ask for their own place, `import.meta.url`, which in a bundle is that of the bundle. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** `filter`: which modules; `loader`: what they are written in; `placeOf`: the expression of a place, from the path of a module. */
export function modulePlaces(filter, loader, placeOf) {
  return {
    name: 'module-places',
    setup({ onLoad }) {
      onLoad({ filter }, ({ path: file }) => {
        const source = readFileSync(file, 'utf8');
        if (!source.includes('import.meta.url')) return undefined;
        return { contents: source.replaceAll('import.meta.url', placeOf(path.normalize(file))), loader };
      });
    },
  };
}
