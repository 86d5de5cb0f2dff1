/**
 * Coverage as vitest counts it, and what the programs that tests start run of the built modules as well.
 *
 * The traps: a program that is killed writes nothing down, so that what it ran is not seen; the built text of a module and the one that
 * vitest runs are made by two compilers, which give the same branch other ends, so branches are matched by their kind and where they
 * begin; and a test that copies the package runs the same text elsewhere, which is known by its length.
 */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { V8CoverageProvider } from '@vitest/coverage-v8/dist/provider.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SETUP = fileURLToPath(new URL('of-children.js', import.meta.url));
/** Modules that are as tsc made them; what is bundled has no map to its sources. */
const BUILT = /\/(dist\/(?:engine|procfs|ring)\/[\w-]+\.js)$/;

export class WithChildren extends V8CoverageProvider {
  #folder = '';

  initialize(vitest) {
    super.initialize(vitest);
    this.#folder = mkdtempSync(path.join(tmpdir(), 'tidemark-coverage-'));
    // Some run as another user.
    chmodSync(this.#folder, 0o1777);
    process.env.COVERAGE_OF_CHILDREN = this.#folder;
    for (const project of vitest.projects) project.config.setupFiles.push(SETUP);
  }

  async generateCoverage(context) {
    const map = await super.generateCoverage(context);
    const before = map.getCoverageSummary().branches.covered;
    const runs = readRuns(this.#folder);
    rmSync(this.#folder, { recursive: true, force: true });
    for (const [file, functions] of runs) {
      const text = path.join(ROOT, file);
      const source = path.join(ROOT, file.replace(/^dist/, 'src').replace(/js$/, 'ts'));
      if (!existsSync(source) || !map.files().includes(source)) continue;
      const code = readFileSync(text, 'utf8');
      const sourceMap = JSON.parse(readFileSync(`${text}.map`, 'utf8'));
      sourceMap.sources = [pathToFileURL(source).href];
      for (const one of functions) {
        // Another text of that name, which a test has changed.
        if (one[0]?.ranges[0]?.endOffset !== code.length) continue;
        const converted = await this.remapCoverage(pathToFileURL(text).href, 0, { code, map: sourceMap }, one);
        const ofSource = Object.values(converted)[0];
        if (ofSource) addHits(map.fileCoverageFor(source).data, ofSource.data ?? ofSource);
      }
    }
    const after = map.getCoverageSummary().branches.covered;
    this.ctx.logger.log(`${after - before} branches were run by programs that tests start, and by no test itself`);
    return map;
  }
}

/** What each process ran of each built module: the functions by the module's path from the root. */
function readRuns(folder) {
  const runs = new Map();
  for (const name of readdirSync(folder)) {
    let result;
    try {
      ({ result } = JSON.parse(readFileSync(path.join(folder, name), 'utf8')));
    } catch {
      // Its process was killed while it wrote.
      continue;
    }
    for (const { url, functions } of result) {
      const file = BUILT.exec(url)?.[1];
      if (file === undefined) continue;
      runs.set(file, [...(runs.get(file) ?? []), functions]);
    }
  }
  return runs;
}

function addHits(into, from) {
  add(into.statementMap, into.s, from.statementMap, from.s, (place) => place.start.line);
  add(into.fnMap, into.f, from.fnMap, from.f, ({ decl }) => `${decl.start.line}:${decl.start.column}`);
  const keyOf = ({ type, loc }) => `${type} ${loc.start.line}:${loc.start.column}`;
  const places = new Map(Object.entries(from.branchMap).map(([id, branch]) => [keyOf(branch), id]));
  for (const [id, branch] of Object.entries(into.branchMap)) {
    const hits = from.b[places.get(keyOf(branch))];
    if (hits?.length === into.b[id].length) into.b[id] = into.b[id].map((count, index) => count + hits[index]);
  }
}

/** Statements and functions, by where they begin; a line has run when the first statement on it has. */
function add(places, hits, fromPlaces, fromHits, keyOf) {
  const found = new Map();
  for (const [id, place] of Object.entries(fromPlaces)) {
    const key = keyOf(place);
    if (!found.has(key)) found.set(key, fromHits[id]);
  }
  for (const [id, place] of Object.entries(places)) hits[id] += found.get(keyOf(place)) ?? 0;
}
