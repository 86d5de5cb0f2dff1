import { fileURLToPath } from 'node:url';

/** How Stryker is run by scripts/mutation.js, which says for which room by its environment. */
const room = process.env.MUTATION_ROOM;
const files = (process.env.MUTATION_FILES ?? '').split(',').filter((file) => file !== '');
const pieces = (process.env.MUTATION_PIECES ?? '').split(',').filter((piece) => piece !== '');
const folder = `src/${room}`;
/** Of the reports. */
const name = process.env.MUTATION_SLOW === '1' ? `${room}.slow` : room;
const whole = files.length > 0 ? files : ['**/*.ts'];

export default {
  testRunner: 'vitest',
  plugins: [fileURLToPath(import.meta.resolve('@stryker-mutator/vitest-runner'))],
  // Which tests run is said by the configuration; "related" would take those of all rooms above as well.
  vitest: { configFile: 'scripts/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  mutate: [
    ...(pieces.length > 0 ? pieces : whole).map((name) => `${folder}/${name}`),
    `!${folder}/**/*.test.ts`,
    `!${folder}/**/*.fixture.ts`,
  ],
  // The tests are type checked as they are; mutants need not be. The file is read by the interface of an older TypeScript.
  disableTypeChecks: false,
  tsconfigFile: 'scripts/mutation/no-tsconfig.json',
  checkers: [],
  concurrency: Number(process.env.MUTATION_CONCURRENCY ?? 1),
  // Of what the untouched test takes; the longer it may be, the fewer are told as killed that only ran slowly.
  timeoutFactor: 3,
  timeoutMS: 5000,
  // What one run of a part found would be taken for what the tests of all find.
  incremental: files.length + pieces.length === 0,
  incrementalFile: `out/mutation/${room}.json`,
  tempDirName: 'out/mutation/work',
  // What is built is run by one test alone, as another user; the fewer files, the sooner it begins.
  ignorePatterns: [
    ...['/build', '/out', '/native', '/prebuilds', '/docs', '/bench', '/deploy', '/coverage', '*.tide', 'node_modules'],
    ...(files.length === 0 || files.includes('read.ts') ? [] : ['/dist']),
  ],
  reporters: ['json', 'html', 'progress-append-only'],
  jsonReporter: { fileName: `out/mutation/${name}.report.json` },
  htmlReporter: { fileName: `out/mutation/${name}.html` },
  allowEmpty: true,
  warnings: { slow: false, preprocessorErrors: true, unserializableOptions: true, unknownOptions: true },
};
