/**
 * A process that forks and ends all the time, so that whoever lists /proc may miss it: its next pid can lie where the list was
 * read already (the lesson of CVE-2018-1121). The kernel tells the engine `bpf` of each of its lives.
 */
import { execFileSync } from 'node:child_process';
import { openRecording, startRecording } from 'tidemark';
import { describe, expect, it } from 'vitest';
import { bpfAvailability } from '../../src/engine/choose-sweeping.js';
import { readHostUnits } from '../../src/procfs/host-units.js';
import { MIB, scratch } from '../recorder/workload.js';

/** Under CI it must be there, or its test fails. */
const isThere = process.env.CI || bpfAvailability({ root: '/proc', host: readHostUnits() }).works;

/** Is somebody else 300 times; the last one lets go of the pipe that ends the wait. */
const HOPPER = `
import ctypes, os
ctypes.CDLL(None).prctl(15, b'hopper', 0, 0, 0)
for _ in range(300):
    if os.fork(): os._exit(0)
`;

describe.runIf(isThere)('a process that changes its pid all the time', () => {
  it('is in a recording with every pid that it had', async () => {
    using folder = scratch();
    const file = folder.file('a.tide');
    const options = { target: 'host', engine: 'bpf', hz: 5, rollup: 'off', sizeBytes: 16 * MIB } as const;
    const recorder = await startRecording({ ...options, file });
    // Ends when all of them have closed their standard output.
    execFileSync('python3', ['-c', HOPPER]);
    await recorder.stop();
    using recording = openRecording(file);
    const [begun, ended] = (['fork', 'exit'] as const).map((type) => {
      const told = recording.events().flatMap(({ event }) => (event.type === type ? [event] : []));
      return new Set(told.filter(({ comm }) => comm === 'hopper').map(({ pid }) => pid)).size;
    });
    // The first one was begun with another name.
    expect({ begun, ended }).toEqual({ begun: 300, ended: 301 });
    expect(recording.summary()).toMatchObject({ damage: [], lives: { isHeard: true, lost: 0 } });
  });
});
