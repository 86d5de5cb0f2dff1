/** What `verify` found, for people: the verdict first, then what it rests on, then each difference. */
import { MAX_LISTED, type VerifyReport } from '../check/verify.js';
import type { KernelComparison } from '../check/verify-kernel.js';
import { STATUSES } from '../schema.js';
import { formatSize } from '../text/size.js';

/** The lines of the report, without line ends. */
export function verifyLines(report: VerifyReport): string[] {
  const { engines, files, bytes, mismatchCount, invariants } = report;
  const [a, b] = engines;
  const verdict =
    files === 0
      ? 'nothing was compared'
      : mismatchCount === 0
        ? `${a} and ${b} agree`
        : `${a} and ${b} differ on ${count(mismatchCount, 'file')}`;
  const lines = [
    `${count(files, 'file')}, ${formatSize(bytes)}: ${verdict}`,
    `processes: ${processCounts(report)}${report.passes > 1 ? `, in ${report.passes} passes` : ''}`,
    `kernel: ${count(invariants.judged, 'process', 'processes')} judged, ${invariants.moved} moved while they were read, ` +
      count(invariants.violationCount, 'invariant broken', 'invariants broken'),
  ];
  for (const { pid, file, field, ...values } of report.mismatches) {
    lines.push(`mismatch: pid ${pid} ${file} ${field}: ${a} ${values.a}, ${b} ${values.b}`);
  }
  lines.push(...unlisted(mismatchCount - report.mismatches.length));
  for (const { pid, invariant, numbers } of invariants.violations) {
    const sides = Object.entries(numbers).map(([name, value]) => `${name} ${value}`);
    lines.push(`broken: pid ${pid} ${invariant}: ${sides.join(', ')}`);
  }
  lines.push(...unlisted(invariants.violationCount - invariants.violations.length));
  return lines;
}

/** The line about the engine in the kernel, and its differences. */
export function kernelLines(kernel: KernelComparison | { readonly unavailable: string }): string[] {
  if ('unavailable' in kernel) return [`bpf: not compared: ${kernel.unavailable}`];
  const { compared, moved, mismatches } = kernel;
  const verdict =
    mismatches.length === 0 ? 'bpf and procfs agree' : `they differ on ${count(mismatches.length, 'value')}`;
  return [
    `bpf: ${count(compared, 'process', 'processes')} compared, ${moved} moved or without memory: ${verdict}`,
    ...mismatches
      .slice(0, MAX_LISTED)
      .map(({ pid, field, bpf, procfs }) => `mismatch: pid ${pid} ${field}: bpf ${bpf}, procfs ${procfs}`),
    ...unlisted(mismatches.length - Math.min(MAX_LISTED, mismatches.length)),
  ];
}

/** `71: 10 ok, 61 no-mm`. */
function processCounts({ processes, byStatus }: VerifyReport): string {
  const parts = STATUSES.flatMap((status) => (byStatus[status] ? `${byStatus[status]} ${status}` : []));
  return `${processes}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

function unlisted(left: number): string[] {
  return left > 0 ? [`and ${left} more`] : [];
}

function count(value: number, one: string, many = `${one}s`): string {
  return `${value} ${value === 1 ? one : many}`;
}
