/** What the doctor found, for people: one fact a line, and what to grant at the end. */
import type { HostReport } from '../check/host-report.js';
import { formatDurationShort } from '../text/duration.js';
import { formatSize } from '../text/size.js';
import { formatTable } from '../text/table.js';

const UNKNOWN = 'not known';
const COLUMNS = [{ header: 'what' }, { header: 'here' }] as const;

/** The lines of the report, without line ends. None is cut to a terminal: half a reason or half a path helps nobody. */
export function doctorLines(report: HostReport): string[] {
  const rows = [
    ['tidemark', `${report.tidemark}, Node ${report.node}, ${report.arch}`],
    ['kernel', `Linux ${report.kernel}, ${count(report.cpus, 'CPU')}`],
    ['units', unitsOf(report)],
    ['procfs', procfsOf(report)],
    ['smaps_rollup', report.procfs.smapsRollup ? 'there' : 'not there: PSS and USS need Linux 4.14 or later'],
    ['processes', processesOf(report)],
    ['engine', `${report.engine.name}: ${report.engine.reason}`],
    ['addon', 'path' in report.engine.addon ? report.engine.addon.path : report.engine.addon.missing],
    ['bpf', report.engine.bpf],
    ['descriptors', descriptorsOf(report)],
    ['user', userOf(report)],
    ['ptrace_scope', String(report.permissions.ptraceScope ?? 'none, since Yama is not there')],
    ['perf_event_paranoid', String(report.permissions.perfEventParanoid ?? UNKNOWN)],
    ...report.space.map(({ path, freeBytes, sizeBytes }) => [
      path,
      `${formatSize(freeBytes)} free of ${formatSize(sizeBytes)}`,
    ]),
    ['timer', timerOf(report)],
  ];
  const { advice } = report.permissions;
  const lines = formatTable(COLUMNS, rows, { header: false, gap: 2 });
  return advice === undefined ? lines : [...lines, '', `Grant: ${advice}`];
}

function unitsOf({ units }: HostReport): string {
  if (!units) return `${UNKNOWN}: nothing in the tree tells; give --page-size and --clock-ticks`;
  return `pages of ${units.pageSize} bytes, ${units.clockTicksPerSecond} clock ticks per second`;
}

function procfsOf({ procfs }: HostReport): string {
  if (!procfs.isProcfs) return `${procfs.root}: not a procfs, a captured tree`;
  const mount = procfs.mountOptions ? `mounted ${procfs.mountOptions}` : 'not a mount point';
  const hidden = procfs.hidepid !== undefined && procfs.hidepid !== '0' && procfs.hidepid !== 'off';
  return `${procfs.root}: ${mount}${hidden ? '; processes of other users are not all listed' : ''}`;
}

function processesOf({ processes }: HostReport): string {
  if (!processes) return `${UNKNOWN}: the tree cannot be listed`;
  const { visible, readable, denied, noMm, other } = processes;
  const parts = [`${readable} readable`, `${denied} denied`, `${noMm} without memory of their own`];
  return `${visible} visible: ${parts.join(', ')}${other > 0 ? `, ${other} gone or without the file` : ''}`;
}

function descriptorsOf({ descriptors }: HostReport): string {
  if (!descriptors) return UNKNOWN;
  const { limit, room, processes } = descriptors;
  return `limit ${limit ?? 'none'}; ${room} may be kept open, enough for ${count(processes, 'process', 'processes')}`;
}

function userOf({ permissions }: HostReport): string {
  const { euid, capabilities, readsOthers } = permissions;
  const held = capabilities === undefined ? UNKNOWN : capabilities.join(' ') || 'no capability that helps';
  return `euid ${euid}, ${held}: ${readsOthers ? 'reads' : 'cannot read'} the memory of other users' processes`;
}

function timerOf({ wakeUp }: HostReport): string {
  const { medianNs, worstNs, sleeps } = wakeUp;
  return `wakes ${formatDurationShort(medianNs)} late, at worst ${formatDurationShort(worstNs)} (${sleeps} sleeps)`;
}

function count(value: number, one: string, many = `${one}s`): string {
  return `${value} ${value === 1 ? one : many}`;
}
