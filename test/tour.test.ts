/** Every command of docs/tour.md, in its order, in an empty folder: whoever follows it gets an answer and no error. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { runShell } from './recorder/command.js';
import { scratch } from './recorder/workload.js';

const TOUR = readFileSync(new URL('../docs/tour.md', import.meta.url), 'utf8');
const BLOCKS = [...TOUR.matchAll(/^```(\S*)\n(.*?)^```$/gms)].map(([, kind, text]) => ({ kind, text: text! }));

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());

it('has no commands but those that are run', () => {
  expect(BLOCKS.length).toBeGreaterThan(8);
  expect(BLOCKS.filter(({ kind }) => kind !== 'sh')).toEqual([]);
});

describe('the tour', () => {
  it.each(BLOCKS.map(({ text }) => [text.trim().split('\n').at(-1)!, text]))('%s', async (_last, text) => {
    const { code, stdout, stderr } = await runShell(`set -e\n${text}`, folder.path);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringMatching(/error|cannot|unknown/i) });
    // A page is made without a word.
    expect(stdout + stderr === '').toBe(/^tidemark report/.test(text));
  });

  it('has made what it says', () => {
    const files = ['end.tide', 'host.tide', 'leak.csv', 'leak.html', 'leak.py', 'leak.tide'];
    expect(readdirSync(folder.path).sort()).toEqual(files);
    expect(readFileSync(folder.file('leak.html'), 'utf8')).toMatch(/^<!doctype html>/i);
    expect(readFileSync(folder.file('leak.csv'), 'utf8')).toMatch(/^time_unix_ns,pid,start_ticks,comm,rss.*\n\d+,\d+,/);
  });
});
