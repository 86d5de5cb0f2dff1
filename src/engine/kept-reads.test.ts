import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PADDING } from '../procfs/padding.js';
import type { TextEngineName } from './engine.js';
import { KeptReads } from './kept-reads.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidemark-kept-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function fileOf(name: string, text?: string) {
  if (text !== undefined) writeFileSync(path.join(root, name), text);
  return { path: path.join(root, name), fd: -1 };
}

function textsOf(reads: KeptReads, count: number): (string | number)[] {
  return Array.from({ length: count }, (_, index) => {
    const [start, length] = [reads.starts[index]!, reads.lengths[index]!];
    expect(start + Math.max(0, length) + PADDING).toBeLessThanOrEqual(reads.bytes.length);
    return length < 0 ? length : Buffer.from(reads.bytes.buffer, start, length).toString('latin1');
  });
}

describe.each<TextEngineName>(['ts', 'native'])('kept reads, %s', (engine) => {
  it('read each file anew from its start, and give each its own errno', () => {
    const reads = new KeptReads(engine, 10);
    const files = [fileOf('a', '1\n'), fileOf('gone'), fileOf('b', '22\n'), { path: root, fd: -1 }];
    reads.read(files, 4, () => true);
    expect(textsOf(reads, 4)).toEqual(['1\n', -constants.errno.ENOENT, '22\n', -constants.errno.EISDIR]);
    writeFileSync(files[0]!.path, '333\n');
    reads.read(files, 3, () => true);
    expect(textsOf(reads, 3)).toEqual(['333\n', -constants.errno.ENOENT, '22\n']);
    reads.closeAll();
  });

  it('make room for texts of any number', () => {
    const reads = new KeptReads(engine, 300);
    const files = Array.from({ length: 100 }, (_, index) => fileOf(`f${index}`, `${index} ${'x'.repeat(5000)}`));
    reads.read(files, 100, () => true);
    expect(textsOf(reads, 100)).toEqual(files.map((_, index) => `${index} ${'x'.repeat(5000)}`));
    reads.closeAll();
  });

  it('keep open what is wanted, as far as there is room, and nothing at the end', () => {
    const before = readdirSync('/proc/self/fd').length;
    const reads = new KeptReads(engine, 2);
    const files = ['a', 'b', 'c', 'd'].map((name) => fileOf(name, name));
    for (let round = 0; round < 3; round++) {
      reads.read(files, 4, (index) => index !== 0);
      expect(textsOf(reads, 4)).toEqual(['a', 'b', 'c', 'd']);
      expect([files[0]!.fd, reads.kept, readdirSync('/proc/self/fd').length - before]).toEqual([-1, 2, 2]);
    }
    reads.close(files.find(({ fd }) => fd >= 0)!);
    expect(reads.kept).toBe(1);
    reads.closeAll();
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });

  it('go on where this process has no descriptors left, and never read the file that got the number of another', () => {
    const script = `
      import { KeptReads } from ${JSON.stringify(fileURLToPath(new URL('../../dist/engine/kept-reads.js', import.meta.url)))};
      import { closeSync, openSync, writeFileSync } from 'node:fs';
      const files = Array.from({ length: 100 }, (_, index) => ({ path: ${JSON.stringify(root)} + '/' + index, fd: -1 }));
      files.forEach(({ path }, index) => writeFileSync(path, String(index)));
      const reads = new KeptReads('${engine}', 1000);
      reads.read(files.slice(0, 1), 1, () => true);
      const taken = [];
      try { for (;;) taken.push(openSync('/dev/null')); } catch {}
      for (const fd of taken.splice(0, 30)) closeSync(fd);
      const seen = new Set();
      for (let round = 0; round < 20; round++) {
        const part = files.slice(round * 5 % 80, round * 5 % 80 + 20);
        reads.read(part, 20, () => true);
        part.forEach((file, index) => {
          const length = reads.lengths[index];
          if (length < 0) return seen.add(length);
          const text = Buffer.from(reads.bytes.buffer, reads.starts[index], length).toString();
          if (!file.path.endsWith('/' + text)) throw new Error(file.path + ' was read as ' + text);
          seen.add('read');
        });
      }
      console.log(JSON.stringify([...seen]));`;
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', 'ulimit -n 120; exec "$0" --input-type=module -e "$1"', process.execPath, script],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    const seen = JSON.parse(stdout) as (string | number)[];
    expect(seen).toContain('read');
    expect([-constants.errno.EMFILE, 'read']).toEqual(expect.arrayContaining(seen));
  });
});
