import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { HOST_COLUMNS, HOST_METRICS, type HostMetricName, Status } from '../schema.js';
import { HostReader, readHostValues, sysfsOf } from './host-values.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function tree(files: Record<string, string>): string {
  const root = mkdtempSync(path.join(tmpdir(), 'tidemark-host-'));
  folders.push(root);
  mkdirSync(path.join(root, 'proc/pressure'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(root, 'proc', name), text);
  return path.join(root, 'proc');
}

const at = (values: Float64Array, name: HostMetricName) => values[HOST_COLUMNS.indexOf(name)];
const HOST = { pageSize: 4096 };

/** What another program reads of the same files, by the metrics' sources. */
const OTHER_READER = `
import json, sys
meminfo = {l.split(':')[0]: int(l.split()[1]) * 1024 for l in open('/proc/meminfo')}
vmstat = {l.split()[0]: int(l.split()[1]) for l in open('/proc/vmstat')}
vmstat['allocstall_*'] = sum(v for k, v in vmstat.items() if k.startswith('allocstall'))
pressure = {}
for what in ('memory', 'io', 'cpu'):
    try:
        for line in open('/proc/pressure/' + what):
            who, rest = line.split(' ', 1)
            for part in rest.split():
                key, value = part.split('=')
                pressure[f'{what} {who} {key}'] = float(value) * (1000 if key == 'total' else 1)
    except OSError:
        pass
json.dump({'meminfo': meminfo, 'vmstat': vmstat, 'pressure': pressure}, sys.stdout)
`;

it('has what another program reads of this host, and NaN for exactly what it does not find', () => {
  const read = () => JSON.parse(execFileSync('python3', ['-c', OTHER_READER], { encoding: 'utf8' }));
  const before = read();
  const values = readHostValues();
  const after = read();
  let compared = 0;
  for (const { name, source, unit } of HOST_METRICS) {
    const found = /^(?:(meminfo|vmstat) (.*)|pressure\/(.*))$/.exec(source);
    if (!found) continue;
    const [, file, key, pressure] = found;
    const [low, high] = [before, after].map((one) => (file === undefined ? one.pressure[pressure!] : one[file][key!]));
    const value = at(values, name)!;
    if (low === undefined) {
      expect(value, name).toBeNaN();
      continue;
    }
    // Others work meanwhile.
    const slack = unit === 'bytes' ? 256 * 2 ** 20 : unit === 'percent' ? 5 : 0;
    expect(value, `${name} ${low} ${high}`).toBeGreaterThanOrEqual(Math.min(low, high) - slack);
    expect(value, `${name} ${low} ${high}`).toBeLessThanOrEqual(Math.max(low, high) + slack);
    compared++;
  }
  expect(compared).toBeGreaterThan(50);
  expect(at(values, 'hostMemTotal')).toBe(before.meminfo.MemTotal);
  expect(at(values, 'hostZoneMin')).toBeGreaterThan(0);
});

it('reads slowly changing files once a second, the others each time, and tells which it read', () => {
  const root = tree({ meminfo: 'MemTotal: 10 kB\nMemFree: 5 kB\n', vmstat: 'oom_kill 1\n' });
  const reader = new HostReader(root, undefined, HOST);
  expect(reader.read(5e9)).toBe(Status.ok);
  expect(reader.sources).toBe(0b1111);
  writeFileSync(path.join(root, 'meminfo'), 'MemTotal: 10 kB\nMemFree: 4 kB\n');
  writeFileSync(path.join(root, 'vmstat'), 'oom_kill 2\n');
  reader.read(5.5e9);
  expect(at(reader.values, 'hostMemFree')).toBe(4096);
  expect(at(reader.values, 'hostOomKills')).toBe(1);
  expect(reader.sources).toBe(1);
  reader.read(6e9);
  expect(at(reader.values, 'hostOomKills')).toBe(2);
  expect(reader.sources).toBe(0b1111);
  reader.close();
});

it('leaves NaN what is not there, without a rest of what was', () => {
  const psi = 'some avg10=1.50 avg60=0.25 avg300=0.00 total=12\nfull avg10=0.50 avg60=0.05 avg300=0.00 total=3\n';
  const root = tree({ meminfo: 'MemTotal: 10 kB\nHugetlb: 7 kB\n', 'pressure/memory': psi });
  const reader = new HostReader(root, undefined, HOST);
  reader.read(0);
  expect(at(reader.values, 'hostHugetlb')).toBe(7168);
  expect(at(reader.values, 'hostMemorySome10')).toBe(1.5);
  expect(at(reader.values, 'hostMemoryFull')).toBe(3000);
  for (const name of ['hostMemFree', 'hostPageFaults', 'hostZoneMin', 'hostIoSome', 'hostZramUsed'] as const) {
    expect(at(reader.values, name), name).toBeNaN();
  }
  writeFileSync(path.join(root, 'meminfo'), 'MemTotal: 10 kB\n');
  writeFileSync(path.join(root, 'pressure/memory'), '');
  reader.read(1e8);
  expect(at(reader.values, 'hostHugetlb')).toBeNaN();
  expect(at(reader.values, 'hostMemorySome10')).toBeNaN();
  reader.close();
});

it('adds up stalls of all zones, of an old kernel without zones too', () => {
  const meminfo = 'MemTotal: 10 kB\n';
  const zones = tree({ meminfo, vmstat: 'allocstall_dma 1\nallocstall_normal 2\npgscan_direct_throttle 9\n' });
  expect(at(readHostValues(zones, undefined, HOST), 'hostAllocStalls')).toBe(3);
  expect(at(readHostValues(zones, undefined, HOST), 'hostScannedDirect')).toBeNaN();
  const old = tree({ meminfo, vmstat: 'allocstall 7\n' });
  expect(at(readHostValues(old, undefined, HOST), 'hostAllocStalls')).toBe(7);
});

it('has the pages of the host whose tree it is, and no zones or zram where the files tell none', () => {
  const root = tree({ meminfo: 'MemTotal: 10 kB\n', zoneinfo: 'nothing that is known\n', 'pressure/io': '' });
  const sysfs = path.join(root, '../sys');
  mkdirSync(path.join(sysfs, 'block/sda'), { recursive: true });
  const values = readHostValues(root);
  expect(at(values, 'hostMemTotal')).toBe(10_240);
  for (const name of ['hostZoneMin', 'hostZramUsed', 'hostIoSome'] as const) expect(at(values, name), name).toBeNaN();
  const strange = tree({ meminfo: '_odd: 3 kB\n: 4 kB\nno line\n' });
  expect(() => readHostValues(strange)).toThrow(`${strange}/meminfo has no line that is known here`);
});

it('finds zram in the sysfs beside the procfs', () => {
  const root = tree({ meminfo: 'MemTotal: 10 kB\n' });
  expect(sysfsOf(root)).toBeUndefined();
  const device = path.join(root, '../sys/block/zram0');
  mkdirSync(device, { recursive: true });
  writeFileSync(path.join(device, 'mm_stat'), '100 40 60 0 0 0 0\n');
  expect(at(readHostValues(root, sysfsOf(root), HOST), 'hostZramUsed')).toBe(60);
  expect(sysfsOf('/proc')).toBe('/sys');
});

it('says why when there is no meminfo, and is whole again when there is', () => {
  const root = tree({ vmstat: 'oom_kill 1\n' });
  expect(() => readHostValues(root, undefined, HOST)).toThrow(/ENOENT.*meminfo/);
  const reader = new HostReader(root, undefined, HOST);
  expect(reader.read(0)).toBe(Status.gone);
  expect(reader.values.every(Number.isNaN)).toBe(true);
  writeFileSync(path.join(root, 'meminfo'), 'no such text\n');
  expect(reader.read(1)).toBe(Status.unsupported);
  writeFileSync(path.join(root, 'meminfo'), 'MemTotal: 10 kB\n');
  expect(reader.read(2)).toBe(Status.ok);
  expect(at(reader.values, 'hostOomKills')).toBe(1);
  reader.close();
});

it('keeps no descriptor after its end, and none for files that are not there', () => {
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  const reader = new HostReader('/proc', '/sys', HOST);
  for (let tick = 0; tick < 30; tick++) reader.read(tick * 1e8);
  expect(open()).toBeLessThanOrEqual(before + 6);
  reader.close();
  expect(open()).toBe(before);
});
