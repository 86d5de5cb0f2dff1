/**
 * A writer to be killed: records into a file and tells on standard output what it is about to store (`I`) and what is
 * stored (`C`), with the number of the ring and of the frame, and a digest of all that a reader must see or the time.
 * `node kill-writer.js CONFIG`, JSON as in kills.ts; it uses the built library.
 *
 * The trap: a line that is written later than the kill proves nothing. So lines go straight into the pipe, one write each,
 * and what is in the pipe outlives the writer.
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { preallocate } from '../../dist/engine/preallocate.js';
import { FileStorage } from '../../dist/ring/file-storage.js';
import { RingWriter } from '../../dist/ring/ring-writer.js';
import { planRecording } from '../../dist/sampler/record-options.js';
import { serveSampler } from '../../dist/sampler/serve.js';

const config = JSON.parse(process.argv[2]);
const labels = new Map();
/** Frames that were handed over and are not known to be in the file yet. */
let unsettled = [];

const hex = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
const numberText = (value) => (Object.is(value, -0) ? '-0' : String(value));

function digest(parts) {
  return createHash('sha1').update(parts.join(' ')).digest('hex').slice(0, 20);
}

/**
 * Label, status and values of the rows of a sweep, as they will be read: of the columns that the ring keeps, which are the
 * first of those that the sampler holds.
 */
function sweepDigest(ring, kept, { startNs, endNs, scalars, rows, status, columns, stride }) {
  const named = labels.get(ring) ?? new Map();
  const asked = rows === 'all' ? [...named.keys()] : [...rows.slots.subarray(0, rows.count)];
  const slots = [...new Set(asked)].filter((slot) => named.has(slot)).sort((a, b) => a - b);
  const value = (column, slot) => (stride === undefined ? columns[column][slot] : columns[column * stride + slot]);
  const cells = slots.map((slot) => {
    const values = Array.from({ length: kept }, (_, column) => numberText(value(column, slot)));
    return [slot, named.get(slot), status[slot], ...values].join(',');
  });
  return digest([startNs, endNs, ...Array.from(scalars, numberText), ...cells]);
}

function tell(line) {
  writeSync(1, `${line}\n`);
}

/** Lets `method` of the writer tell before and after each append. */
function watch(method, digestOf) {
  const append = RingWriter.prototype[method];
  RingWriter.prototype[method] = function (ring, ...rest) {
    const number = this.appenders[ring].frameSequence;
    tell(`I ${ring} ${number} ${digestOf(ring, this.appenders[ring].spec.columns.length, ...rest)}`);
    const result = append.call(this, ring, ...rest);
    if (result.ok) unsettled.push(`C ${ring} ${number}`);
    // Now and then, so that a kill finds frames on their way as well.
    if (Math.random() < 0.3) {
      this.settle();
      const nowNs = process.hrtime.bigint();
      for (const line of unsettled) tell(`${line} ${nowNs}`);
      unsettled = [];
    }
    return result;
  };
}

watch('appendColumns', sweepDigest);
watch('appendRecord', (_ring, _kept, timeNs, type, payload) => digest([timeNs, type, hex(payload)]));

const { setLabel, clearLabel } = RingWriter.prototype;
RingWriter.prototype.setLabel = function (ring, slot, label) {
  if (!labels.has(ring)) labels.set(ring, new Map());
  labels.get(ring).set(slot, hex(label));
  setLabel.call(this, ring, slot, label);
};
RingWriter.prototype.clearLabel = function (ring, slot) {
  labels.get(ring)?.delete(slot);
  clearLabel.call(this, ring, slot);
};

/** No sampling at all: nearly every instant is inside a write. */
function writeWithoutEngine() {
  const { file, resume, sizeBytes } = config;
  const rings = [
    { name: 'counters', share: 3, rows: 'all', columns: [column('a', 4096), column('b', 1)], scalars: ['tick'] },
    { name: 'rollup', share: 1, rows: 'list', columns: [column('c', 1024)], scalars: [] },
    { name: 'events', share: 1, rows: 'none', columns: [], scalars: [] },
  ];
  const storage = resume ? FileStorage.openForWriting(file) : FileStorage.create(file, sizeBytes, preallocate);
  const writer = resume
    ? RingWriter.resume(storage, (bytes) => storage.extend(bytes, preallocate))
    : RingWriter.create(storage, { rings, metadata: {}, blockBytes: 65536, maxSlots: 64 });
  const slots = 32;
  const status = new Uint8Array(slots);
  const columns = [new Float64Array(slots), new Float64Array(slots)];
  const name = () => Buffer.from(`p${Math.floor(Math.random() * 1e9)}`);
  for (let slot = 0; slot < slots; slot++) for (const ring of [0, 1]) writer.setLabel(ring, slot, name());
  for (let tick = 0; ; tick++) {
    const startNs = process.hrtime.bigint();
    const slot = tick % slots;
    columns[0][slot] = 4096 * Math.floor(Math.random() * 1e6);
    columns[1][(tick * 7) % slots] = Math.random();
    status[slot] = tick % 9;
    if (tick % 5 === 0) writer.setLabel(tick % 2, slot, name());
    if (tick % 11 === 0) writer.clearLabel(0, (slot + 3) % slots);
    const times = { startNs, endNs: startNs + 10n, status, columns };
    writer.appendColumns(0, { ...times, scalars: Float64Array.of(tick), rows: 'all' });
    const rows = { slots: Uint32Array.of(slot, (slot + 1) % slots), count: 2 };
    if (tick % 3 === 0)
      writer.appendColumns(1, { ...times, columns: [columns[1]], scalars: new Float64Array(0), rows });
    if (tick % 4 === 0) writer.appendRecord(2, startNs, tick % 1000, Buffer.alloc(tick % 300, tick));
  }
}

function column(name, quantum) {
  return { name, quantum };
}

async function writeWithEngine() {
  const { file, resume, sizeBytes, engine, pids } = config;
  const options = {
    file,
    resume,
    sizeBytes,
    engine,
    target: { pids },
    hz: 500,
    rollup: 50,
    mappings: 20,
    sampler: 'worker',
  };
  const plan = planRecording(options);
  const storage = { kind: 'file', path: file, sizeBytes: plan.sizeBytes, trim: true, resume: plan.resume };
  await serveSampler(
    { ...plan.config, storage },
    {
      send: (message) => {
        if (message.type === 'failed') throw new Error(message.failure.message);
      },
      onMessage: () => {},
    },
  );
}

if (config.engine === 'none') writeWithoutEngine();
else await writeWithEngine();
