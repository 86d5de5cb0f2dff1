/**
 * The line on a terminal that says how far an export or a report is.
 *
 * The trap: it is for work that takes longer than a second, which no test should take, and a busy machine makes of work of
 * a moment. So the command is given a clock by which all that it does takes a thousand times as long, or no time at all.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPORT_FORMATS } from '../../src/export/export-request.js';
import { runShell } from '../recorder/command.js';
import { scratch } from '../recorder/workload.js';
import { MAIN } from '../tidemark-process.js';
import { knownAuthor } from './known-recording.js';

const ON_TERMINAL = fileURLToPath(new URL('../procps/on-terminal.py', import.meta.url));
const SLOW = 'const real = performance.now.bind(performance); performance.now = () => real() * 1000;';
const QUICK = 'performance.now = () => 1;';
const ERASE = '\r\x1b[K';

const folder = scratch();
const file = folder.file('a.tide');
beforeAll(() => {
  writeFileSync(file, new Uint8Array(knownAuthor({ ticks: 700 }).buffer));
});
afterAll(() => folder[Symbol.dispose]());

/** What a command writes to a terminal that is its standard output and error. */
function onTerminal(words: readonly string[], clock: string): string {
  const node = [process.execPath, '--import', `data:text/javascript,${encodeURIComponent(clock)}`];
  const { stdout, status } = spawnSync('python3', [ON_TERMINAL, '100', ...node, MAIN, ...words], {
    encoding: 'latin1',
    env: { ...process.env, TZ: 'UTC' },
  });
  expect({ words, status }).toEqual({ words, status: 0 });
  return stdout;
}

/** A line that is drawn over itself and taken away at the end. */
function expectProgress(text: string, sentence: RegExp): void {
  const drawn = text.split(ERASE);
  expect(drawn.length).toBeGreaterThanOrEqual(3);
  expect([drawn[0], drawn.at(-1)]).toEqual(['', '']);
  for (const line of drawn.slice(1, -1)) expect(line).toMatch(sentence);
}

describe.each(EXPORT_FORMATS)('%s', (format) => {
  const words = ['export', file, '--format', format];

  it('says how far it is when it takes long, and nothing when it does not', () => {
    const slow = onTerminal([...words, '-o', folder.file(`slow.${format}`)], SLOW);
    expectProgress(slow, /^exported up to 2023-11-14T22:1\d:\d\d\S*$/);
    expect(onTerminal([...words, '-o', folder.file(`quick.${format}`)], QUICK)).toBe('');
  });

  it('says nothing of it where nobody looks', async () => {
    const slow = `--import 'data:text/javascript,${encodeURIComponent(SLOW)}'`;
    const { code, stderr } = await runShell(
      `${process.execPath} ${slow} ${MAIN} ${words.join(' ')} > ${folder.file(`log.${format}`)}`,
      folder.path,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('report', () => {
  it('says how far it is when it takes long, and nothing when it does not', () => {
    const slow = onTerminal(['report', file, '-o', folder.file('slow.html')], SLOW);
    expectProgress(slow, /^read \d+ ticks$/);
    expect(onTerminal(['report', file, '-o', folder.file('quick.html')], QUICK)).toBe('');
  });
});
