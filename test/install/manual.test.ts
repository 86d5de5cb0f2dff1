/** The manual pages, by the two programs that read them: mandoc checks them, and man shows them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { runTidemark } from '../tidemark-process.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tidemark-manual-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function pageOf(words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runTidemark(['manual', ...words]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const file = path.join(folder, `${words.join('-')}.1`);
  writeFileSync(file, stdout);
  return file;
}

function run(program: string, words: readonly string[]): string {
  const env = { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '200', MAN_KEEP_FORMATTING: '' };
  const { stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8', env });
  if (error) throw error;
  return stdout + stderr;
}

/** Without what differs by line breaks. */
function flat(text: string): string {
  return text.replace(/\u2010\s+/g, '').replace(/\s+/g, ' ');
}

/** What mandoc finds fault with. */
function faultsOf(page: string): string[] {
  return (
    run('mandoc', ['-T', 'lint', '-W', 'warning', page])
      .split('\n')
      // The page has no date, since the same source has to make the same page on every day.
      .filter((line) => line !== '' && !line.includes('missing date'))
  );
}

describe('manual pages', () => {
  it.each(COMMANDS)('of $name says what its help says, without a fault', async ({ name, summary, examples }) => {
    const page = await pageOf([name]);
    expect(faultsOf(page)).toEqual([]);
    const shown = run('man', ['-l', page]);
    const { stdout: help } = await runTidemark([name, '--help']);
    const flags = [...help.matchAll(/^ {2}(-\w)?(?:, )?(--[\w-]+)?/gm)].map(([, short, long]) =>
      [short, long].filter(Boolean).join(', '),
    );
    expect(flags.length).toBeGreaterThan(0);
    for (const flag of flags) expect(shown).toContain(`  ${flag}`);
    for (const example of examples) expect(flat(shown)).toContain(flat(example));
    expect(flat(shown)).toContain(`tidemark-${name} - ${flat(summary)}`);
  });

  it('of the program names every command', async () => {
    const page = await pageOf([]);
    expect(faultsOf(page)).toEqual([]);
    const shown = run('man', ['-l', page]);
    for (const { name } of COMMANDS) expect(shown).toContain(`tidemark-${name}(1)`);
  });
});

it('refuses a command that there is not', async () => {
  const { code, stderr } = await runTidemark(['manual', 'recor']);
  expect(code).toBe(2);
  expect(stderr).toContain('tidemark manual: NAME: "recor" is not a command; allowed: record, ');
});
