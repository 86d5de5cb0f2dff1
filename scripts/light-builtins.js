/**
 * A plugin of rollup by which modules of Node's cost an importer little. The face that an ES module sees of one has all that is in it, so
 * `import { readSync } from 'node:fs'` loads its streams, and with them most of `node:stream`; and some modules take Node milliseconds
 * though who imports us may never call them.
 *
 * The trap: what is there only once it is asked for, such as `fs.promises`, or is no function in a late module, cannot be had in this way;
 * whoever imports that is told at the build that it does not exist.
 */
const PREFIX = '\0light:';

/** `there`: modules that Node itself has loaded before any program. `late`: those to be loaded by the first call of a function of theirs. */
export function lightBuiltins({ there, late }) {
  return {
    name: 'light-builtins',
    resolveId: (name) => (there.includes(name) || late.includes(name) ? PREFIX + name : null),
    async load(id) {
      if (!id.startsWith(PREFIX)) return null;
      const name = id.slice(PREFIX.length);
      return (late.includes(name) ? lateModule : thereModule)(name, (await import(name)).default);
    },
  };
}

function thereModule(name, module) {
  const values = Object.entries(Object.getOwnPropertyDescriptors(module)).filter(([, { get }]) => get === undefined);
  return [
    `const whole = process.getBuiltinModule(${JSON.stringify(name)});`,
    'export default whole;',
    ...values.map(([key]) => `export const ${key} = whole.${key};`),
  ].join('\n');
}

function lateModule(name, module) {
  const functions = Object.entries(Object.getOwnPropertyDescriptors(module)).filter(([key, { value }]) => {
    return typeof value === 'function' && /^[a-z]/.test(key);
  });
  return [
    'let loaded;',
    `const whole = () => (loaded ??= process.getBuiltinModule(${JSON.stringify(name)}));`,
    ...functions.map(([key]) => `export const ${key} = (...values) => whole().${key}(...values);`),
  ].join('\n');
}
