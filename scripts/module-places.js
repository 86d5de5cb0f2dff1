/** Modules that ask for their own place, `import.meta.url`, which in a bundle is that of the bundle. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** What stands in a module, with `placeOf(its path)`, an expression, for its place; undefined when it does not ask. */
export function placedSource(file, placeOf) {
  const source = readFileSync(file, 'utf8');
  if (!source.includes('import.meta.url')) return undefined;
  return source.replaceAll('import.meta.url', placeOf(path.normalize(file)));
}

/** The same as a plugin of esbuild. `filter`: which modules; `loader`: what they are written in. */
export function modulePlaces(filter, loader, placeOf) {
  return {
    name: 'module-places',
    setup({ onLoad }) {
      onLoad({ filter }, ({ path: file }) => {
        const contents = placedSource(file, placeOf);
        return contents === undefined ? undefined : { contents, loader };
      });
    },
  };
}
