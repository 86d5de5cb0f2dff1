/** Remote write: what is sent, what waits, and what is lost when the store is away, refuses or talks nonsense. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Family } from '../../src/agent/exposition.js';
import { BackOff } from '../../src/agent/push/back-off.js';
import { DiskQueue } from '../../src/agent/push/disk-queue.js';
import { Pusher } from '../../src/agent/push/pusher.js';
import { remoteWriteTo } from '../../src/agent/push/remote-write.js';
import { WriteRequests } from '../../src/agent/push/write-request.js';
import { escapeLabel } from '../../src/text/escape.js';
import { scratch, until } from '../recorder/workload.js';
import { Store, type StoreAnswer } from './store.js';
import { decodeRequest } from './write-request.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
let queueFolder: string;
let queues = 0;
beforeEach(() => {
  queueFolder = folder.file(`queue-${++queues}`);
});

const gauge = (name: string, ...samples: [labels: string, value: number][]): Family => ({
  ...{ name, type: 'gauge', help: `Help of ${name}` },
  samples: samples.map(([labels, value]) => ({ labels, value })),
});

describe('a request', () => {
  const HOSTILE = 'a"}\n\\ \x1b[2J';

  it('has labels in their order as they are, values, times and metadata', () => {
    const requests = new WriteRequests([
      ['job', 'tidemark'],
      ['empty', ''],
      ['host', 'constant'],
    ]);
    const families = [
      gauge('b_bytes', [`zone="z",group="${escapeLabel(HOSTILE)}"`, 2 ** 53], ['host="own",group="x"', Number.NaN]),
      gauge('a_ratio', ['host="own"', 0.25], ['', 0]),
    ];
    const { bytes, samples } = requests.encode(families, 1_700_000_000_123, true);
    const { series, metadata } = decodeRequest(bytes);
    expect(samples).toBe(3);
    expect(series).toEqual([
      {
        labels: { __name__: 'b_bytes', group: 'a"}\\x0A\\ \\x1B[2J', host: 'constant', job: 'tidemark', zone: 'z' },
        names: ['__name__', 'group', 'host', 'job', 'zone'],
        ...{ value: 2 ** 53, unixMs: 1_700_000_000_123 },
      },
      expect.objectContaining({ labels: { __name__: 'a_ratio', host: 'own', job: 'tidemark' }, value: 0.25 }),
      expect.objectContaining({ labels: { __name__: 'a_ratio', host: 'constant', job: 'tidemark' }, value: 0 }),
    ]);
    expect(metadata.map(({ type, metricFamilyName }) => [type, metricFamilyName])).toEqual([
      ...[
        ['GAUGE', 'b_bytes'],
        ['GAUGE', 'a_ratio'],
      ],
    ]);
  });

  it('ends the series that are told no longer, once, by the NaN that says so', () => {
    const requests = new WriteRequests([]);
    requests.encode([gauge('a', ['group="x"', 1], ['group="y"', 2])], 1000, false);
    const ended = requests.encode([gauge('a', ['group="y"', 3])], 2000, false);
    expect(decodeRequest(ended.bytes).series.map(({ labels, value }) => [labels.group, value])).toEqual([
      ...[
        ['y', 3],
        ['x', Number.NaN],
      ],
    ]);
    // 0x7ff0000000000002, which other NaNs are not; little-endian.
    expect(Buffer.from(ended.bytes).includes(Buffer.from('020000000000f07f', 'hex'))).toBe(true);
    expect(decodeRequest(requests.encode([gauge('a', ['group="y"', 3])], 3000, false).bytes).series).toHaveLength(1);
  });
});

describe('the queue', () => {
  it('keeps its order over a restart, and leaves no half of a file', () => {
    const queue = new DiskQueue(queueFolder, 1000);
    for (const text of ['one', 'two', 'three']) queue.add(Buffer.from(text), text.length);
    queue.remove(queue.first!);
    writeFileSync(`${queueFolder}/000000000000009-1.request.unfinished`, 'half');
    const again = new DiskQueue(queueFolder, 1000);
    expect([again.length, again.bytes, again.dropped]).toEqual([2, 8, 0]);
    expect(String(again.read(again.first!))).toBe('two');
    again.add(Buffer.from('four'), 4);
    expect(readdirSync(queueFolder)).toEqual([
      ...['000000000000002-3.request', '000000000000003-5.request', '000000000000004-4.request'],
    ]);
  });

  it('drops the oldest when it is full, and counts the samples', () => {
    const queue = new DiskQueue(queueFolder, 10);
    for (let number = 1; number <= 5; number++) queue.add(Buffer.alloc(4), number * 100);
    expect([queue.length, queue.bytes, queue.dropped]).toEqual([2, 8, 600]);
    expect(queue.first!.samples).toBe(400);
    expect(new DiskQueue(queueFolder, 5).dropped).toBe(400);
  });

  it('counts what the disk refuses, and goes on', () => {
    const queue = new DiskQueue(queueFolder, 1000);
    queue.add(Buffer.from('kept'), 1);
    rmSync(queueFolder, { recursive: true });
    queue.add(Buffer.from('lost'), 7);
    expect(queue.dropped).toBe(7);
    expect(queue.read(queue.first!)).toBeUndefined();
    expect([queue.dropped, queue.length]).toEqual([8, 0]);
    mkdirSync(queueFolder);
    queue.add(Buffer.from('again'), 1);
    expect(String(queue.read(queue.first!))).toBe('again');
  });
});

describe('the wait after a failure', () => {
  it('doubles up to a minute, differs from host to host, and is what was asked for', () => {
    const waits = (random: number) => {
      const backOff = new BackOff(() => random);
      return Array.from({ length: 9 }, () => backOff.failed());
    };
    expect(waits(1)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(waits(0).slice(0, 3)).toEqual([500, 1000, 2000]);
    const backOff = new BackOff(() => 0);
    expect(backOff.failed(30_000)).toBe(30_000);
    expect(backOff.failed(1e9)).toBe(60_000);
    backOff.succeeded();
    expect(backOff.failed()).toBe(500);
  });
});

/** Waits are as short as they can be, so that a test sees many. */
class ShortBackOff extends BackOff {
  override failed(askedMs?: number): number {
    return super.failed(askedMs) / 100;
  }
}

async function pushTo(
  answers: readonly StoreAnswer[],
  pushes: number,
  work: (pusher: Pusher, store: Store) => Promise<void>,
) {
  await using store = await Store.start((request) => answers[request] ?? 204);
  const queue = new DiskQueue(queueFolder, 2 ** 20);
  let count = 0;
  const families = () => (count < pushes ? [gauge('count', ['', count++])] : []);
  const warnings: string[] = [];
  const target = remoteWriteTo(new URL(store.url), 'Bearer secret', []);
  const pusher = new Pusher(target, queue, 20, families, (text) => warnings.push(text), new ShortBackOff());
  try {
    await work(pusher, store);
  } finally {
    await pusher.close();
  }
  return { store, warnings, values: store.taken.map(({ series }) => series[0]!.value) };
}

describe('a push', () => {
  it('is tried again until it is taken, in order, and nothing is lost or sent twice', async () => {
    const answers: StoreAnswer[] = [500, 'garbage', 429, 'cut', 503, { status: 429, retryAfter: 1 }, 204, 502];
    const { store, values, warnings } = await pushTo(answers, 10, async (pusher) => {
      await until(() => pusher.counts.sent > 10, 'all to be sent, and their end');
      expect(pusher.counts).toMatchObject({ sent: 11, retries: 7, refused: 0, dropped: 0, queuedBytes: 0 });
    });
    expect(values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, Number.NaN]);
    expect(store.headers[0]).toMatchObject({
      'content-encoding': 'snappy',
      'content-type': 'application/x-protobuf',
      'x-prometheus-remote-write-version': '0.1.0',
      authorization: 'Bearer secret',
    });
    expect(warnings).toEqual([expect.stringContaining('is tried again (500 why not')]);
    expect(warnings.join()).not.toContain('secret');
  });

  it('that is refused is dropped and counted, and the others go on', async () => {
    const { values } = await pushTo([204, 400, 413, 301], 6, async (pusher) => {
      await until(() => pusher.counts.sent + pusher.counts.refused === 7, 'all to be answered');
      expect(pusher.counts).toMatchObject({ sent: 4, refused: 3, retries: 0 });
    });
    expect(values).toEqual([0, 4, 5, Number.NaN]);
  });

  // Found by fuzzing: no outcome came of it, and nothing was pushed any more.
  it('that is answered with another protocol is refused, and the others go on', async () => {
    const { values, warnings } = await pushTo(['other-protocol'], 2, async (pusher) => {
      await until(() => pusher.counts.sent + pusher.counts.refused === 3, 'all to be answered');
      expect(pusher.counts).toMatchObject({ sent: 2, refused: 1, retries: 0 });
    });
    expect(values).toEqual([1, Number.NaN]);
    expect(warnings).toEqual([expect.stringContaining('was refused: 1 samples are dropped (101 another protocol)')]);
  });

  it('waits on disk while nobody answers, and is sent at the next start', async () => {
    const { values } = await pushTo(
      Array.from({ length: 1000 }, () => 500),
      5,
      async (pusher) => {
        await until(() => pusher.counts.queuedRequests === 6, 'all to wait');
      },
    );
    expect(values).toEqual([]);
    expect(readdirSync(queueFolder)).toHaveLength(6);
    const after = await pushTo([], 0, async (pusher) => {
      await until(() => pusher.counts.sent === 6, 'them to be sent');
    });
    expect(after.values).toEqual([0, 1, 2, 3, 4, Number.NaN]);
    expect(existsSync(queueFolder) && readdirSync(queueFolder)).toEqual([]);
  });

  it('whose answer is under way at the end is not sent again by the next start', async () => {
    const { values } = await pushTo([{ status: 204, afterMs: 500 }], 1, async (pusher, store) => {
      await until(() => store.times.length === 1, 'the first request');
      expect(pusher.counts.sent).toBe(0);
    });
    expect(values).toEqual([0]);
    const after = await pushTo([], 0, async (pusher) => {
      await until(() => pusher.counts.queuedRequests === 0, 'the rest to be sent');
    });
    expect(after.values).not.toContain(0);
  });

  it('that is never answered does not hold up the end, and waits', async () => {
    let begunMs = Number.NaN;
    await pushTo([{ status: 204, afterMs: 60_000 }], 1, async (_, store) => {
      await until(() => store.times.length === 1, 'the first request');
      begunMs = performance.now();
    });
    expect(performance.now() - begunMs).toBeLessThan(4000);
    expect(readdirSync(queueFolder).length).toBeGreaterThanOrEqual(1);
  });
});
