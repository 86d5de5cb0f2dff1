/** `tidemark report` as a command: what it reads, what it writes, and what it leaves behind when it cannot. */
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecording } from '../../src/recording/recording.js';
import { runOnSmallDisk, runShell } from '../recorder/command.js';
import { scratch } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { useBrowser } from './browser.js';
import { writeShort, writeStory } from './story.js';

const folder = scratch();
const story = folder.file('story.tide');
const pages = useBrowser();

beforeAll(() => writeStory(story));

afterAll(() => folder[Symbol.dispose]());

/** With a tab between the cells of a table, unlike the text content. */
function seenText(page: Page): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: what is hidden is not seen.
  return page.locator('body').innerText();
}

/** Makes a page of a recording and returns its text as it is seen. */
async function seen(file: string): Promise<string> {
  const html = `${file}.html`;
  expect(await runTidemark(['report', file, '-o', html])).toEqual({ code: 0, stdout: '', stderr: '' });
  return pages.look(pathToFileURL(html).href, seenText);
}

describe('report', { timeout: 90_000 }, () => {
  it('writes the same page into a file, and through pipes', async () => {
    const html = folder.file('one.html');
    expect(await runTidemark(['report', story, '-o', html])).toMatchObject({ code: 0, stderr: '' });
    expect(statSync(html).mode & 0o777).toBe(0o600);
    const piped = await runTidemark(['report', story]);
    expect(piped.stdout).toBe(readFileSync(html, 'utf8'));
    const both = await runTidemark(['report', '-'], { input: readFileSync(story) });
    // Without a name it is called after its host.
    expect(both.code).toBe(0);
    expect(both.stdout.length).toBeGreaterThan(piped.stdout.length * 0.99);
  });

  it('holds a policy before anything that it could forbid, and nothing from elsewhere', async () => {
    const { stdout } = await runTidemark(['report', story]);
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/.exec(stdout)!;
    expect(policy[1]).toMatch(/^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; /);
    expect(policy[1]).toContain("connect-src 'none'");
    expect(policy[1]).not.toMatch(/unsafe|\*/);
    expect(stdout.slice(0, policy.index)).not.toMatch(/<script|<style|<link/);
    expect(stdout).not.toMatch(/(?:src|href)="(?!data:)/);
  });

  it('shows a recording of no tick, of one, and of a few', async () => {
    const [none, one, few] = [0, 1, 7].map((ticks) => {
      const file = folder.file(`short-${ticks}.tide`);
      writeShort(file, ticks);
      return file;
    });
    const empty = await seen(none!);
    expect(empty).toContain('Nothing was recorded.');
    expect(empty).toContain('It holds no tick.');
    expect(await seen(one!)).toMatch(/leaky \(100\)\s+1\.0 MiB\s+0 B\s+1\.0 MiB/);
    expect(await seen(few!)).toMatch(/leaky \(100\)\s+7\.0 MiB\s+\+6\.0 MiB\s+7\.0 MiB/);
  });

  it('shows what is left of a damaged recording, and where it is damaged', async () => {
    const file = folder.file('damaged.tide');
    copyFileSync(story, file);
    const { ring } = openRecording(story);
    const [block] = ring.blocks(ring.ringId('counters'));
    const fd = openSync(file, 'r+');
    writeSync(fd, Buffer.alloc(64, 0xa5), 0, 64, block!.offset + 8000);
    closeSync(fd);
    const text = await seen(file);
    expect(text).toMatch(/Not seen .*the file is damaged in \d+ places?/);
    expect(text).toMatch(/Damage at byte \d+: /);
    expect(text).toContain('leaky (100)');
  });

  it('refuses what is no recording, a name that is taken, and its own input', async () => {
    const text = folder.file('text.tide');
    expect(await runShell(`echo hello > ${text}; tidemark report ${text} -o no.html`, folder.path)).toMatchObject({
      code: 1,
    });
    expect(existsSync(folder.file('no.html'))).toBe(false);
    const taken = await runTidemark(['report', story, '-o', text]);
    expect(taken).toMatchObject({
      code: 1,
      stderr: `tidemark report: -o: ${text} exists already; --force replaces it\n`,
    });
    expect(await runTidemark(['report', story, '-o', story, '--force'])).toMatchObject({
      code: 2,
      stderr: 'tidemark report: -o: the output is the recording itself\n',
    });
    expect(await runTidemark(['report', folder.file('none.tide')])).toMatchObject({ code: 1, stdout: '' });
    expect(await runTidemark(['report', story, '-o', text, '--force'])).toMatchObject({ code: 0 });
  });

  it('leaves no half page on a disk that fills up', async () => {
    const place = folder.file('disk');
    mkdirSync(place);
    const line = `head -c 1000000 /dev/zero > ballast; tidemark report ${story} -o out.html`;
    const { code, stdout, stderr } = await runOnSmallDisk(line, place);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'left: ballast\n' });
    expect(stderr).toMatch(/^tidemark report: -o: cannot write out\.html: .*(space|ENOSPC).*\n$/i);
  });

  it('ends quietly when its reader has seen enough', async () => {
    const line = `{ tidemark report ${path.basename(story)}; echo $? > code; } | head -c 10`;
    const { code, stdout, stderr } = await runShell(line, folder.path);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '<!doctype ', stderr: '' });
    expect(readFileSync(folder.file('code'), 'utf8')).toBe('0\n');
  });
});
