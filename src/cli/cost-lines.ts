/** What recording would cost, for people. */
import type { CostReport } from '../check/cost-report.js';
import { formatDurationShort } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { formatSize } from '../text/size.js';
import { formatTable } from '../text/table.js';

const METHODS = { whole: 'in one go', paced: 'in pieces', none: 'not at all: too large for this engine' };
const COLUMNS = [
  { header: 'pid', align: 'right' },
  { header: 'resident', align: 'right' },
  { header: 'longest hold', align: 'right' },
  { header: 'takes', align: 'right' },
  { header: 'read' },
  { header: 'comm' },
] as const;

/** The lines of the report, without line ends. */
export function costLines(report: CostReport): string[] {
  const { engine, processes, budget, countersNs, rollupNs, sampled, hz, rollupEverySeconds, largest } = report;
  const { mappingsNs, mappingsEverySeconds } = report;
  const every = rollupEverySeconds === null ? '' : `, PSS of everybody every ${time(rollupEverySeconds * 1e9)}`;
  return [
    `At ${Number((budget * 100).toFixed(2))} % of one core: ${hz} Hz counters${every}; of those that move, sooner`,
    `counters  ${time(countersNs)} a process, ${time(countersNs * processes)} for the ${processes} here, by the engine ${engine}`,
    rollupNs === null
      ? 'rollup    nobody could be read'
      : `rollup    ${time(rollupNs)} a process, measured on ${sampled} of them`,
    mappingsNs === null
      ? 'mappings  nobody could be read'
      : `mappings  ${time(mappingsNs)} a process, measured on the same; of everybody every ` +
        `${mappingsEverySeconds === null ? '-' : time(mappingsEverySeconds * 1e9)} if they got all that is left`,
    '',
    ...formatTable(
      COLUMNS,
      largest.map(({ pid, comm, rss, method, longestHoldNs, tookNs }) => [
        String(pid),
        formatSize(rss),
        longestHoldNs === null ? '-' : time(longestHoldNs),
        tookNs === null ? (method === 'paced' ? 'over 1 s' : '-') : time(tookNs),
        METHODS[method],
        escapeTerminal(comm),
      ]),
    ),
  ];
}

function time(ns: number): string {
  return formatDurationShort(ns);
}
