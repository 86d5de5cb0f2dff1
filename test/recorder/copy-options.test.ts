/** Copies with options that are wrong: nothing is written, least of all what was to be redacted. */
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { cutRecording, salvageRecording } from '../../src/recording/cut.js';
import { mergeRecordings } from '../../src/recording/merge.js';
import { Redactor } from '../../src/recording/redact.js';
import { knownRecording } from '../export/known-recording.js';
import { scratch } from './workload.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
const recording = knownRecording();
const file = folder.file('never.tide');

function expectRefused(copy: () => unknown, message: RegExp): void {
  let refused: unknown;
  try {
    copy();
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(TypeError);
  expect((refused as Error).message).toMatch(message);
  expect(existsSync(file)).toBe(false);
}

describe('a redactor', () => {
  it.each([[['arg']], ['args'], [['args', 'comm ']], [[]], [undefined], [7], [{ args: true }], [[['args']]]])(
    'is not made of %o',
    (what) => {
      expectRefused(() => new Redactor(what as never), /to be an array of one or more of args, paths, comm, got /);
    },
  );

  it('names what it was given', () => {
    expectRefused(() => new Redactor(['arg'] as never), /got \[ 'arg' \]$/);
    expectRefused(() => new Redactor('args' as never), /got 'args'$/);
  });

  it('is made of any list of what can be redacted', () => {
    expect(new Redactor(new Set(['args', 'comm'] as const)).program({ args: ['secret'] }).args![0]).toMatch(/^p-/);
  });
});

describe('a cut', () => {
  it.each([
    [{ redact: ['args'] }, /no "redact" option; the options are from, to, redactor, onProgress/],
    [{ redactor: ['args'] }, /"redactor" option to be a Redactor, got \[ 'args' \]/],
    [{ redactor: null }, /"redactor" option to be a Redactor, got null/],
    [{ from: 1 }, /"from" option to be a bigint of Unix nanoseconds, got 1/],
    [{ to: 'x' }, /"to" option to be a bigint of Unix nanoseconds, got 'x'/],
    [{ from: 2n, to: 1n }, /"from" option to be at or before "to", got 2 and 1/],
    [{ onProgress: true }, /"onProgress" option to be a function, got true/],
    [['args'], /no "0" option/],
  ])('with %o is refused', (options, message) => {
    expectRefused(() => cutRecording(recording, file, options as never), message);
  });
});

describe('a merge and a salvage', () => {
  it('of nothing are refused, and with options that they have not', () => {
    for (const none of [[], undefined, recording]) {
      expectRefused(() => mergeRecordings(none as never, file), /an array of one or more recordings to merge, got /);
    }
    expectRefused(() => mergeRecordings([recording], file, { redactor: 1 } as never), /"onProgress" option/);
    expectRefused(
      () => salvageRecording(recording, file, {} as never),
      /"onProgress" option to be a function, got \{\}/,
    );
  });
});

describe('a question to a recording', () => {
  it.each([
    [() => recording.processes({ pids: [1] } as never), /no "pids" option; the options are pid, comm/],
    [() => recording.processes({ pid: '1' as never }), /"pid" option to be a pid, got '1'/],
    [() => recording.processes({ comm: 1 as never }), /"comm" option to be a name or a RegExp, got 1/],
    [() => recording.processes({ aliveAt: 1 as never }), /"aliveAt" option to be a bigint/],
    [() => recording.series({ pid: 1, startTicks: 1 }, 'rss', { evry: 1n } as never), /no "evry" option/],
    [() => recording.series({ pid: 1, startTicks: 1 }, 'rss', { source: 1 } as never), /no "source" option/],
    [() => recording.hostSeries('hostMemFree', { soure: 1 } as never), /no "soure" option.*agg, source/],
  ])('with an option that there is none is refused: %s', (ask, message) => {
    expectRefused(ask, message);
  });
});
