/**
 * The side of peers that are JavaScript, in a process of their own and in the protocol of round-child.ts, so that neither
 * their garbage nor their descriptors are charged to us: pidusage, and plain reads of the files.
 *
 * The first line is the pids, then each line names a work that is done once for all of them, and is answered with
 * `CPU_NS SUM PROCESSES`. CPU time is the whole process's, since pidusage reads in the thread pool.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import pidusage from 'pidusage';
import { readHostUnits } from '../src/procfs/host-units.js';
import { regexMappings, splitStat, splitStatm } from './line-regex.js';

const { pageSize } = readHostUnits();
let pids: number[] = [];

const works: Record<string, () => number | Promise<number>> = {
  async pidusage() {
    const usage = await pidusage(pids);
    return Object.values(usage).reduce((sum, { memory }) => sum + memory, 0);
  },
  'statm-split'() {
    let sum = 0;
    for (const pid of pids) sum += splitStatm(readFileSync(`/proc/${pid}/statm`, 'utf8'))[1]! * pageSize;
    return sum;
  },
  'statm-stat-split'() {
    let sum = 0;
    for (const pid of pids) {
      sum += splitStatm(readFileSync(`/proc/${pid}/statm`, 'utf8'))[1]! * pageSize;
      if (splitStat(readFileSync(`/proc/${pid}/stat`, 'utf8')).length < 20) throw new Error(`No stat of ${pid}`);
    }
    return sum;
  },
  'smaps-regex'() {
    let sum = 0;
    for (const pid of pids) {
      for (const mapping of regexMappings(readFileSync(`/proc/${pid}/smaps`, 'utf8'))) sum += mapping.sizes.Pss ?? 0;
    }
    return sum;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  if (pids.length === 0) {
    pids = line.split(' ').map(Number);
    process.stdout.write('ready\n');
    continue;
  }
  const before = process.cpuUsage();
  const sum = await works[line]!();
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(`${(user + system) * 1000} ${sum} ${pids.length}\n`);
}
// pidusage keeps descriptors open for a minute, and a timer to close them.
process.exit(0);
