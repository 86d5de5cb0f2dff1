/** The command line of the benchmark. */
import { parseArgs } from 'node:util';
import type { Bench } from './bench-context.js';

export const USAGE = `Usage: npm run bench -- [NAMES..] [--quick] [--full] [--processes N] [--json] [--list]

  NAMES           benchmarks to run, each a name of the list or the beginning of one; default: all
  --quick         a few rounds over a small zoo, to see that everything works; its numbers mean little
  --full          also the sampler in a helper process, where it is not run otherwise
  --processes N   processes of the zoo, half sleep and half python3; default 2000, with --quick 100
  --json          the results as JSON on standard output, and the lines on standard error
  --list          what there is to run`;

export interface BenchOptions {
  readonly benches: readonly Bench[];
  readonly processes: number;
  readonly quick: boolean;
  readonly full: boolean;
  readonly json: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

/** Throws a TypeError for an option or a name that does not exist. */
export function parseOptions(words: readonly string[], all: readonly Bench[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      processes: { type: 'string' },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  const chosen = new Set<Bench>();
  for (const name of positionals) {
    const exact = all.filter((bench) => bench.name === name);
    const found = exact.length > 0 ? exact : all.filter((bench) => bench.name.startsWith(name));
    if (found.length === 0) throw new TypeError(`There is no benchmark "${name}"; --list shows what there is`);
    for (const bench of found) chosen.add(bench);
  }
  const processes = Number(values.processes ?? (values.quick ? 100 : 2000));
  if (!Number.isInteger(processes) || processes < 2) {
    throw new TypeError(`Expected --processes to be a whole number from 2, got ${values.processes}`);
  }
  return {
    ...values,
    processes,
    benches: positionals.length === 0 ? all : all.filter((bench) => chosen.has(bench)),
  };
}
