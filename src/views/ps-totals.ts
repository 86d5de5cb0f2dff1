/**
 * Memory by name, user, control group or program, where no memory is counted twice: the sum of proportional shares.
 *
 * The traps: RSS counts a shared page once for every process, so there is no RSS here; two processes in one memory map
 * both report all of it, so it is counted for the first of them; and a process whose share was denied is counted and
 * said, since a sum without it looks like a sum with it.
 */
import { findSharedMemory, type SharedMemory } from '../engine/same-memory.js';
import { textAndHex } from '../procfs/object-values.js';
import { StatField } from '../procfs/stat.js';
import { formatTable } from '../text/table.js';
import type { PsModes } from './ps-column.js';
import { PS_COLUMNS } from './ps-columns.js';
import { fileReason } from './ps-json.js';
import type { PsRow } from './ps-row.js';

/** What processes are put together by: the columns of that name. */
export const PS_GROUPINGS = ['comm', 'user', 'cgroup', 'exe'] as const;
export type PsGrouping = (typeof PS_GROUPINGS)[number];

/** The sums, each with its column in text; names as in the schema. */
const SUMS = ['pss', 'uss', 'pssAnon', 'pssFile', 'pssShmem', 'swapPss'] as const;
const SUM_COLUMNS = ['pss', 'uss', 'pss_anon', 'pss_file', 'pss_shmem', 'swap_pss'];
/** What every memory map has at addresses of its own. */
const LAYOUT = [
  ...(['startcode', 'endcode', 'startstack', 'start_data', 'end_data'] as const),
  ...(['start_brk', 'arg_start', 'arg_end', 'env_start', 'env_end'] as const),
];
const KILOBYTE = 1024;

interface Group {
  readonly name: string;
  processes: number;
  /** Of those, how many run in the memory map of another one, which counts it. */
  sharing: number;
  /** Of those, how many closed their share to us, and how many it is unknown of for another reason. */
  denied: number;
  unknown: number;
  readonly sums: number[];
}

/** A process that has memory. */
interface Measured {
  readonly pid: number;
  readonly name: string;
  readonly layout: string;
  /** Undefined when it could not be read, with the reason. */
  readonly sums: readonly number[] | undefined;
  readonly isDenied: boolean;
}

/** The columns that must be read for totals by this. */
export function columnsOfTotals(by: PsGrouping) {
  return [by, ...SUM_COLUMNS, 'stackp'].map((name) => PS_COLUMNS.get(name)!);
}

export class PsTotals {
  readonly #by: PsGrouping;
  readonly #root: string;
  readonly #modes: PsModes;
  readonly #processes: Measured[] = [];
  #withoutMemory = 0;
  #groups: Group[] = [];
  #total: Group = newGroup('TOTAL');
  #shared: SharedMemory | undefined;

  constructor(by: PsGrouping, root: string, modes: PsModes) {
    this.#by = by;
    this.#root = root;
    this.#modes = modes;
  }

  add(row: PsRow): void {
    const values = SUM_COLUMNS.map((name) => PS_COLUMNS.get(name)!.value(row, this.#modes) as number);
    const reason = Number.isNaN(values[0]) ? fileReason(row, 'smaps_rollup') : undefined;
    if (reason === 'gone') return;
    if (reason === 'no-mm') {
      this.#withoutMemory++;
      return;
    }
    const name = PS_COLUMNS.get(this.#by)!.value(row, this.#modes);
    this.#processes.push({
      pid: row.pid,
      name: name === undefined ? '-' : String(name),
      layout: layoutOf(row),
      sums: reason === undefined ? values : undefined,
      isDenied: reason === 'denied',
    });
  }

  /** Puts the processes together; call it once, behind the last process. */
  finish(): void {
    const measured = this.#processes.filter(({ sums }) => sums !== undefined);
    const pids = measured.map(({ pid }) => pid);
    this.#shared = findSharedMemory(
      this.#root,
      pids,
      measured.map(({ layout }) => layout),
    );
    const followers = new Set(measured.filter((_, index) => this.#shared!.leaders[index] !== index));
    const groups = new Map<string, Group>();
    for (const process of this.#processes) {
      const group = groups.get(process.name) ?? newGroup(process.name);
      groups.set(process.name, group);
      for (const into of [group, this.#total]) count(into, process, followers.has(process));
    }
    this.#groups = [...groups.values()].sort((a, b) => b.sums[0] - a.sums[0] || (a.name < b.name ? -1 : 1));
  }

  /** A line for each group, the largest first, and the sum of all. Sizes are in kB, as elsewhere in a process list. */
  lines(maxWidth: number): string[] {
    const head = ['PROCS', 'SHARED', 'DENIED', 'PSS', 'USS', 'ANON', 'FILE', 'SHMEM', 'SWAP'];
    const columns = head.map((header) => ({ header, align: 'right' as const }));
    const rows = [...this.#groups, this.#total].map((group) => [
      String(group.processes),
      String(group.sharing),
      String(group.denied + group.unknown),
      ...group.sums.map((sum) => (isUnmeasured(group) || Number.isNaN(sum) ? '-' : String(Math.floor(sum / KILOBYTE)))),
      Buffer.from(group.name, 'latin1'),
    ]);
    return formatTable([...columns, { header: this.#by.toUpperCase(), flexible: true }], rows, { maxWidth });
  }

  /** What a person must know beside the table. */
  *remarks(): Generator<string> {
    const { processes, denied, unknown } = this.#total;
    if (denied > 0) yield `the memory of ${denied} of ${processes} processes is denied (CAP_SYS_PTRACE) and in no sum`;
    if (unknown > 0) yield `the memory of ${unknown} of ${processes} processes could not be read and is in no sum`;
    const shared = this.#shared;
    if (shared?.unsupported) yield `processes in one memory map are not recognized: ${shared.unsupported}`;
    if (shared?.denied) yield `whether ${shared.denied} processes share a memory map is denied (CAP_SYS_PTRACE)`;
  }

  toJson(): object {
    const shared = this.#shared;
    return {
      schema: 1,
      by: this.#by,
      withoutMemory: this.#withoutMemory,
      sharedMaps: shared?.unsupported
        ? { status: 'unsupported', reason: shared.unsupported }
        : { status: shared?.denied ? 'denied' : 'ok', denied: shared?.denied ?? 0 },
      total: groupJson(this.#total),
      groups: this.#groups.map((group) => ({
        ...textAndHex('name', Buffer.from(group.name, 'latin1')),
        ...groupJson(group),
      })),
    };
  }
}

function newGroup(name: string): Group {
  return { name, processes: 0, sharing: 0, denied: 0, unknown: 0, sums: SUMS.map(() => 0) };
}

function count(group: Group, { sums, isDenied }: Measured, isSharing: boolean): void {
  group.processes++;
  if (sums === undefined) {
    if (isDenied) group.denied++;
    else group.unknown++;
  } else if (isSharing) group.sharing++;
  // A sum that this kernel does not tell for one process is not known for any.
  else for (const [index, value] of sums.entries()) group.sums[index] += value;
}

function isUnmeasured({ processes, denied, unknown }: Group): boolean {
  return processes === denied + unknown;
}

function groupJson(group: Group): object {
  const known = SUMS.map((name, index) => [name, group.sums[index]] as const).filter(
    ([, sum]) => !isUnmeasured(group) && !Number.isNaN(sum),
  );
  const { processes, sharing, denied, unknown } = group;
  return { processes, sharing, denied, unknown, ...Object.fromEntries(known) };
}

/** The addresses that belong to a memory map alone; empty where they are closed to us. */
function layoutOf(row: PsRow): string {
  if (row.stat.count <= StatField.env_end || row.unsigned('startstack') === 0) return '';
  return LAYOUT.map((field) => row.stat.fields[StatField[field]].toString(36)).join();
}
