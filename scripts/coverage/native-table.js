/** What llvm-cov counted, as a table: lines and branches of each file, of each folder, and of all. */
import path from 'node:path';

/** `exported` by `llvm-cov export -summary-only`; files outside of `folder` are none of ours. */
export function tableOf(exported, folder) {
  const files = exported.data
    .flatMap(({ files }) => files)
    .map(({ filename, summary }) => ({ name: path.relative(folder, filename), ...summary }))
    .filter(({ name }) => !name.startsWith('..') && !name.startsWith('build'))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const folders = [...new Set(files.map(({ name }) => path.dirname(name)))];
  const rows = folders.flatMap((room) => {
    const inside = files.filter(({ name }) => path.dirname(name) === room);
    return [...inside.map((file) => rowOf(`  ${file.name}`, [file])), rowOf(room, inside)];
  });
  const header = ['', 'lines', 'branches', 'not run'];
  const table = [header, ...rows, rowOf('together', files)];
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) => row.map((cell, column) => padded(cell, column, widths[column])).join('  ')).join('\n');
}

function rowOf(name, files) {
  const sum = (kind, what) => files.reduce((total, file) => total + file[kind][what], 0);
  const share = (kind) => {
    const count = sum(kind, 'count');
    return count === 0 ? '-' : `${((sum(kind, 'covered') / count) * 100).toFixed(1)} %`;
  };
  return [name, share('lines'), share('branches'), String(sum('branches', 'count') - sum('branches', 'covered'))];
}

function padded(cell, column, width) {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}
