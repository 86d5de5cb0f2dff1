/**
 * `tidemark/vitest/reporter`: the memory of benchmarks, as a table below what vitest itself tells. With vitest 4 it stands in for
 * vitest's own reporter of benchmarks, whose report it keeps; with 5 it stands beside the others.
 *
 * The trap: vitest draws its tables by itself and lets nobody add to them, so the memory is a table of its own.
 */
import * as node from 'vitest/node';
import { formatTable } from '../text/table.js';
import { memoryColumns, type TaskMemory } from './task-memory.js';
import type { MeasuredResult } from './vitest.js';

/** Of vitest 5, whose types need not be installed. */
interface TestCase {
  readonly fullName: string;
  meta(): { readonly tidemark?: readonly TaskMemory[] };
}

class ProviderReporter {
  onTestCaseResult(test: TestCase): void {
    const { tidemark: measured = [] } = test.meta();
    if (measured.length > 0)
      process.stdout.write(`${['', ` ${test.fullName}`, ...linesOf(measured), ''].join('\n')}\n`);
  }
}

function benchmarkReporter(Base: typeof node.BenchmarkReporter) {
  return class MemoryBenchmarkReporter extends Base {
    override onTestSuiteResult(suite: node.TestSuite): void {
      super.onTestSuiteResult(suite);
      this.#printMemory(suite);
    }

    protected override printTestModule(module: node.TestModule): void {
      super.printTestModule(module);
      this.#printMemory(module);
    }

    #printMemory(suite: node.TestSuite | node.TestModule): void {
      // The task of vitest is no part of its public types, but what its own reporter of benchmarks reads as well.
      const { tasks } = (suite as unknown as { task: { tasks: { result?: { benchmark?: MeasuredResult } }[] } }).task;
      const measured = tasks.flatMap(({ result }) => (result?.benchmark?.memory ? [result.benchmark.memory] : []));
      if (measured.length > 0) this.log(['', ...linesOf(measured)].join('\n'));
    }
  };
}

function linesOf(measured: readonly TaskMemory[]): string[] {
  const rows = measured.map((memory) => ({ memory: memory.name, ...memoryColumns(memory) }) as Record<string, string>);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const columns = names.map((header, index) => ({
    header,
    align: index === 0 ? ('left' as const) : ('right' as const),
  }));
  const lines = formatTable(
    columns,
    rows.map((row) => names.map((name) => row[name] ?? '-')),
    { gap: 2 },
  );
  const caveats = [...new Set(measured.flatMap(({ caveats }) => caveats))];
  if (caveats.length > 0) lines.push(`(${caveats.join(', ')})`);
  return lines.map((line) => `     ${line}`);
}

const reporter: new (...options: never[]) => node.Reporter =
  'BenchmarkReporter' in node ? benchmarkReporter(node.BenchmarkReporter) : (ProviderReporter as never);

export default reporter;
