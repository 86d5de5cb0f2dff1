/**
 * Run by Node on arm64 inside an installed package, whose addon it finds: both engines on captured text, of hosts with pages of every
 * size, and on the live processes of this host.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { nativeBinding } from '../../dist/engine/native-binding.js';
import { parseMaps, parseSmaps, parseSmapsRollup } from '../../dist/procfs/mapping-objects.js';
import { parseStat, parseStatm, parseStatus } from '../../dist/procfs/stat-objects.js';
import { typescriptTokenizers } from '../../dist/procfs/tokenizers.js';

const [fixtures] = process.argv.slice(2);
const binding = nativeBinding();
if (binding.state === 'absent') throw new Error(binding.reason);
const PARSERS = {
  maps: (text, _host, tokenizers) => parseMaps(text, tokenizers),
  smaps: (text, _host, tokenizers) => parseSmaps(text, tokenizers),
  smaps_rollup: (text, _host, tokenizers) => parseSmapsRollup(text, tokenizers),
  stat: parseStat,
  statm: parseStatm,
  status: (text, _host, tokenizers) => parseStatus(text, tokenizers),
};
/** An emulated processor is slow. */
const MOST_LIVE = 20;
const PAGE_SIZES = [4096, 16384, 65536];

let compared = 0;
const differences = [];

function compare(file, bytes, name) {
  for (const pageSize of PAGE_SIZES) {
    const host = { pageSize, clockTicksPerSecond: 100 };
    const [native, typescript] = [binding.tokenizers, typescriptTokenizers].map((tokenizers) => {
      try {
        return text(PARSERS[file](bytes, host, tokenizers));
      } catch (error) {
        return `${error.name}: ${error.message}`;
      }
    });
    compared++;
    if (native !== typescript) differences.push(`${name} with pages of ${pageSize}: ${native} and ${typescript}`);
  }
}

function text(value) {
  return JSON.stringify(value, (_key, part) =>
    typeof part === 'bigint' ? `${part}n` : Number.isNaN(part) ? 'NaN' : part,
  );
}

for (const name of readdirSync(path.join(fixtures, 'written'))) {
  compare(name.slice(0, name.indexOf('.')), readFileSync(path.join(fixtures, 'written', name)), name);
}
for (const live of readdirSync(path.join(fixtures, 'live'))) {
  for (const file of readdirSync(path.join(fixtures, 'live', live))) {
    if (file in PARSERS) compare(file, readFileSync(path.join(fixtures, 'live', live, file)), `${live}/${file}`);
  }
}
for (const pid of readdirSync('/proc')
  .filter((name) => /^\d+$/.test(name))
  .slice(0, MOST_LIVE)) {
  for (const file of Object.keys(PARSERS)) {
    const bytes = readOrNothing(`/proc/${pid}/${file}`);
    if (bytes) compare(file, bytes, `${file} of ${pid}`);
  }
}
console.log(JSON.stringify({ arch: process.arch, addon: binding.path, compared, differences }));

function readOrNothing(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
