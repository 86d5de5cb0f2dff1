/**
 * Writes a ring on a disk that fills up although its space was reserved: a hole is punched into the ring, and another file
 * takes what it gave back. `node full-disk-writer.js FOLDER frees|stays`: whether the other file goes before the end; FOLDER is
 * a small file system of its own. Prints what it counted as JSON.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { mapFile } from '../../dist/engine/map-file.js';
import { preallocate } from '../../dist/engine/preallocate.js';
import { FileStorage } from '../../dist/ring/file-storage.js';
import { RingReader } from '../../dist/ring/ring-reader.js';
import { RingWriter } from '../../dist/ring/ring-writer.js';

const [, , folder, course] = process.argv;
const file = path.join(folder, 'full.tide');
const BLOCK = 65536;
const BLOCKS = 8;
const HEADER = 16384;

const storage = FileStorage.create(file, HEADER + BLOCKS * BLOCK, preallocate);
storage.map(mapFile);
const rings = [{ name: 'events', share: 1, rows: 'none', columns: [], scalars: [] }];
const writer = RingWriter.create(storage, { rings, metadata: {}, blockBytes: BLOCK });
const taken = [];
let number = 0;

/** Returns how many of these records were taken. */
function write(count) {
  let ok = 0;
  for (let index = 0; index < count; index++) {
    number++;
    if (!writer.appendRecord(0, BigInt(number), 1, Buffer.alloc(1000, number)).ok) continue;
    ok++;
    taken.push(number);
  }
  return ok;
}

function fillDisk() {
  const fd = openSync(path.join(folder, 'hog'), 'w');
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096));
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
  } finally {
    closeSync(fd);
  }
}

// Two blocks stand; the third is begun.
const before = write(150);
execFileSync('fallocate', ['-p', '-o', String(HEADER + 3 * BLOCK), '-l', String(5 * BLOCK), file]);
fillDisk();
const during = write(200);
if (course === 'frees') rmSync(path.join(folder, 'hog'));
const after = write(30);
const [{ attempted, stored }] = writer.stats;
let closeError = '';
try {
  writer.close();
} catch (error) {
  closeError = error.message;
}

const reader = RingReader.open(FileStorage.open(file));
const cursor = reader.cursor(0);
const read = [];
for (let step = cursor.next(); step !== null; step = cursor.next())
  if (step === 'record') read.push(Number(cursor.timeNs));
const isFirst = read.every((one, index) => one === taken[index]);
console.log(JSON.stringify({ before, during, after, attempted, stored, closeError, read: read.length, isFirst }));
