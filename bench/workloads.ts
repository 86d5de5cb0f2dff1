/**
 * Real programs under `tidemark run`: the sampled peak beside the kernel's mark and beside /usr/bin/time, and the exit codes
 * with and without. `npm run bench:workloads`; the table is that of docs/run.md.
 *
 * The trap: two runs of one program do not take the same memory, so what is compared is of one run; /usr/bin/time stands beside it
 * from a run of its own.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageRoot } from '../src/text/package.js';
import { formatSize } from '../src/text/size.js';
import type { RunReport } from '../src/workload/run-report.js';

const MIB = 2 ** 20;
const CLOSE_SHARE = 0.01;
const CLOSE_BYTES = 512 * 1024;
const root = packageRoot();
const main = path.join(root, 'dist/cli/main.js');
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-workloads-'));

const WORKLOADS: readonly (readonly [name: string, script: string])[] = [
  ['tsc of this project', `cd '${root}' && node_modules/.bin/tsc -p tsconfig.json --noEmit`],
  ['vitest of src/text', `cd '${root}' && node_modules/.bin/vitest run src/text`],
  [
    'git gc',
    `rm -rf '${folder}/git' && git clone -q --no-hardlinks '${root}' '${folder}/git' && git -C '${folder}/git' gc -q`,
  ],
  ['gzip of 500 MB', 'head -c 500M /dev/zero | gzip -1 >/dev/null'],
  ['xz of 100 MB', 'head -c 100M /dev/zero | xz -1 >/dev/null'],
  ['python3 loop', "/usr/bin/python3 -c 'print(sum(i * i for i in range(3000000)))'"],
  ['python3 list', "/usr/bin/python3 -c 'x = [i for i in range(5000000)]; print(len(x))'"],
  ['sort, 2 threads', 'seq 3000000 -1 1 | sort -n --parallel=2 -S 64M >/dev/null'],
  ['pipeline of forks', 'for i in $(seq 200); do echo $i | cat | tr 0-9 a-j; done >/dev/null'],
  [
    'node, small heap',
    "node --max-old-space-size=64 -e 'let a = []; for (let i = 0; i < 3e5; i++) { a.push({ i }); if (a.length > 1e5) a = []; }'",
  ],
  ['node, heap too small', "node --max-old-space-size=30 -e 'const a = []; for (;;) a.push({ a: [] })' 2>/dev/null"],
  ['stress-ng --vm', 'command -v stress-ng >/dev/null || exit 77; stress-ng --vm 1 --vm-bytes 200M --vm-ops 20000 -q'],
];

function kernelMaximum(script: string): { code: number | null; rss: number } {
  const out = path.join(folder, 'time');
  const words = existsSync('/usr/bin/time') ? ['/usr/bin/time', '-f', '%M', '-o', out] : [];
  const [program, ...rest] = [...words, 'sh', '-c', script];
  const { status } = spawnSync(program!, rest, { stdio: 'ignore' });
  const last = words.length > 0 ? readFileSync(out, 'utf8').trim().split('\n').at(-1) : undefined;
  return { code: status, rss: last === undefined ? Number.NaN : Number(last) * 1024 };
}

const value = (reading: object) => ('value' in reading ? (reading.value as number) : Number.NaN);
console.log(
  '| workload | exit: alone, run | wall | largest process: sampled | kernel | apart | time -v | PSS peak of the tree | processes |',
);
console.log('|---|---|--:|--:|--:|--:|--:|--:|--:|');
let close = 0;
let measured = 0;
// Those whose names have these words in them; all without words.
const words = process.argv.slice(2);
for (const [name, script] of WORKLOADS) {
  if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
  const alone = kernelMaximum(script);
  if (alone.code === 77) {
    console.log(`| ${name} | not installed | | | | | | | |`);
    continue;
  }
  const json = path.join(folder, 'run.json');
  rmSync(json, { force: true });
  const { status } = spawnSync(process.execPath, [main, 'run', '-q', '--json', json, '--', 'sh', '-c', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [run] = (JSON.parse(readFileSync(json, 'utf8')) as RunReport).runs;
  const { sampled, kernelPeak } = run!.tree.largestProcess;
  const apart = value(kernelPeak) - value(sampled);
  measured++;
  if (apart <= Math.max(CLOSE_BYTES, CLOSE_SHARE * value(kernelPeak))) close++;
  const cells = [
    name,
    `${alone.code}, ${status}`,
    `${(run!.wallNs / 1e9).toFixed(2)} s`,
    formatSize(value(sampled)),
    formatSize(value(kernelPeak)),
    `${(apart / MIB).toFixed(2)} MiB, ${((apart / value(kernelPeak)) * 100).toFixed(2)} %`,
    formatSize(alone.rss),
    formatSize(Math.round(value(run!.tree.pss.peak))),
    String(run!.tree.processes),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
rmSync(folder, { recursive: true, force: true });
console.log(`\n${close} of ${measured} within 1 % or 512 kB of the kernel's mark.`);
