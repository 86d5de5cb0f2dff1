/**
 * `tidemark/vitest/reporter`: vitest's own report of benchmarks, and below the times of each suite the memory.
 *
 * The trap: vitest draws its table by itself and lets nobody add to it, so the memory is a table of its own.
 */
import { BenchmarkReporter, type TestModule, type TestSuite } from 'vitest/node';
import { formatTable } from '../text/table.js';
import { memoryColumns } from './task-memory.js';
import type { MeasuredResult } from './vitest.js';

export default class MemoryBenchmarkReporter extends BenchmarkReporter {
  override onTestSuiteResult(suite: TestSuite): void {
    super.onTestSuiteResult(suite);
    this.#printMemory(suite);
  }

  protected override printTestModule(module: TestModule): void {
    super.printTestModule(module);
    this.#printMemory(module);
  }

  #printMemory(suite: TestSuite | TestModule): void {
    // The task of vitest is no part of its public types, but what its own reporter of benchmarks reads as well.
    const { tasks } = (suite as unknown as { task: { tasks: { result?: { benchmark?: MeasuredResult } }[] } }).task;
    const measured = tasks.flatMap(({ result }) => (result?.benchmark?.memory ? [result.benchmark.memory] : []));
    if (measured.length === 0) return;
    const rows = measured.map(
      (memory) => ({ memory: memory.name, ...memoryColumns(memory) }) as Record<string, string>,
    );
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
    this.log(['', ...lines.map((line) => `     ${line}`)].join('\n'));
  }
}
