/** Who says which slots may have moved writes the same bytes as who has all compared. */
import { expect, it } from 'vitest';
import { RingWriter } from './ring-writer.js';
import { BLOCK, bytesOf, COUNTERS, FILE_ID, memory, SPECS } from './rings.fixture.js';

const SLOTS = 300;

it.each([0, 0.01, 0.3])('writes the same where %d of the slots move', (share) => {
  const storages = [memory(8), memory(8)] as const;
  const [plain, told] = storages.map((storage) =>
    RingWriter.create(storage, { rings: SPECS, metadata: {}, blockBytes: BLOCK, fileId: FILE_ID }),
  ) as [RingWriter, RingWriter];
  let state = 7;
  const random = () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  const columns = SPECS[COUNTERS]!.columns.map(() => new Float64Array(SLOTS).fill(Number.NaN));
  const status = new Uint8Array(SLOTS);
  for (let frame = 0; frame < 1500; frame++) {
    const moved = new Set<number>();
    // Some come, and some go: what was in their slots is no matter.
    for (const writer of [plain, told])
      if (frame % 50 === 0) writer.setLabel(COUNTERS, (frame / 5) % SLOTS, Buffer.from([1]));
    if (frame % 50 === 0) moved.add((frame / 5) % SLOTS);
    for (const writer of [plain, told]) if (frame % 170 === 169) writer.clearLabel(COUNTERS, (frame - 19) % SLOTS);
    for (let slot = 0; slot < SLOTS; slot++) {
      if (random() < share) moved.add(slot);
      status[slot] = random() < 0.1 ? 3 : 0;
    }
    // In no order, and more than have moved.
    const slots = Uint32Array.from([...moved, ...moved, 5].sort(() => random() - 0.5));
    for (const slot of moved)
      for (const column of columns) if (random() < 0.7) column[slot] = Math.floor(random() * 1e6) * 4096;
    const sweep = {
      ...{ startNs: BigInt(frame) * 1000n, endNs: BigInt(frame) * 1000n + 9n, rows: 'all' as const, status, columns },
      scalars: Float64Array.of(frame, 1),
    };
    expect(plain.appendColumns(COUNTERS, sweep).ok).toBe(true);
    expect(told.appendColumns(COUNTERS, { ...sweep, moved: { slots, count: slots.length } }).ok).toBe(true);
  }
  expect(Buffer.compare(bytesOf(storages[0]), bytesOf(storages[1]))).toBe(0);
});
