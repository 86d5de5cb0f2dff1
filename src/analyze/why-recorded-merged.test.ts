/** Why a process has its memory, of recordings that were merged: each host has mappings of its own. */
import { afterAll, describe, expect, it } from 'vitest';
import { type Author, METADATA, unixOf } from '../../test/recorder/synthetic.js';
import { storeMappings } from '../../test/recorder/synthetic-mappings.js';
import {
  behind,
  explain,
  growing,
  heap,
  K,
  MAIN,
  MIB,
  recorded,
  SHARED,
  TICK,
} from '../../test/recorder/synthetic-why.js';
import { scratch } from '../../test/recorder/workload.js';
import { mergeRecordings } from '../recording/merge.js';
import { openRecording, type Recording } from '../recording/recording.js';
import { whyRecorded } from './why-recorded.js';

describe('a merged recording', () => {
  const folder = scratch();
  afterAll(() => folder[Symbol.dispose]());
  const host = (hostname: string) => ({ host: { ...METADATA.host, hostname, bootId: `boot of ${hostname}` } });

  function merge(name: string, ...authors: Author[]): Recording {
    for (const author of authors) author.close();
    mergeRecordings(
      authors.map((author) => author.open()),
      folder.file(name),
    );
    return openRecording(folder.file(name));
  }

  it('tells the mappings of the host of the process, without others', () => {
    const hosts = ['one', 'two'].map((name, number) =>
      recorded(
        9,
        (one, tick) => {
          if (tick === 1) storeMappings(one, MAIN, 0, heap(number + 1) + SHARED, behind(0));
          if (tick === 6) storeMappings(one, MAIN, 5, '', behind(5));
          one.set(0, { rss: (number + 1) * MIB });
        },
        host(name),
      ),
    );
    using recording = merge('hosts.tide', ...hosts);
    const told = recording
      .processes({ pid: 10 })
      .map((process) => whyRecorded(recording, process, { atNs: unixOf(8) }));
    expect(told.map(({ memory, mappingsAgeNs, numbers }) => [memory!.total.rss, mappingsAgeNs, numbers.rss])).toEqual([
      [MIB + 164 * K, 8n * TICK - TICK / 2n, MIB],
      [2 * MIB + 164 * K, 8n * TICK - TICK / 2n, 2 * MIB],
    ]);
    for (const one of told) expect(one).not.toHaveProperty('sharing');
  });

  it('of two runs of one host tells the later read, in whatever order they were merged', () => {
    const read = (at: number, mib: number) =>
      recorded(
        20,
        (one, tick) => {
          if (tick === at) storeMappings(one, MAIN, at - 1, heap(mib), behind(at - 1));
          growing(one, tick);
        },
        { ...host('one'), writer: { ...METADATA.writer, pid: at } },
      );
    for (const order of [
      [5, 15],
      [15, 5],
    ]) {
      using recording = merge(`runs-${order[0]}.tide`, ...order.map((at) => read(at, at)));
      const heapAt = (tick: number) => explain(recording, { atNs: unixOf(tick) }).memory!.total.rss / MIB;
      expect([heapAt(10), heapAt(19)]).toEqual([5, 15]);
      const [process] = recording.processes();
      const rowsAt = (tick: number) => recording.mappingsOf(process!, unixOf(tick)).map(({ tick: of }) => of);
      expect([rowsAt(3), rowsAt(10), rowsAt(19)]).toEqual([[], [4], [14]]);
    }
  });
});
