/** The memory of programs that told of their V8: what the page shows of it, and the sentence that says where it grows. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { v8Amounts } from '../../src/report/page/v8-layers.js';
import { scratch } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { useBrowser } from './browser.js';
import { NODE, PARTS, TICKS, usedAt, writeV8Story } from './v8-story.js';

const folder = scratch();
const pages = useBrowser();
const process = `#p=${NODE.pid}:${NODE.startTicks}`;
let html: string;

async function pageOf(file: string): Promise<string> {
  expect(await runTidemark(['report', file, '-o', `${file}.html`])).toEqual({ code: 0, stdout: '', stderr: '' });
  return pathToFileURL(`${file}.html`).href;
}

beforeAll(async () => {
  const file = folder.file('v8.tide');
  writeV8Story(file);
  html = await pageOf(file);
}, 60_000);
afterAll(() => folder[Symbol.dispose]());

/** The rows of the table of parts: name, at the begin, at the end, change. */
async function parts(page: Page): Promise<Map<string, string[]>> {
  const rows = await page.locator('#process .v8 tbody tr').all();
  const texts = await Promise.all(rows.map((row) => row.locator('th, td').allTextContents()));
  return new Map(texts.map(([name, ...cells]) => [name!.trim(), cells]));
}

describe('the page of a program that told of its V8', { timeout: 90_000 }, () => {
  it('says what its resident memory was made of, to the last byte', async () => {
    await pages.look(html + process, async (page) => {
      const told = await parts(page);
      const mib = (value: number) => `${value.toFixed(1)} MiB`;
      // Between the last two columns of pixels.
      const [first, last] = [usedAt(0), usedAt(TICKS - 2)];
      expect(told.get('V8 heap, in use')).toEqual([mib(first), mib(last), `+${mib(last - first)}`]);
      expect(told.get('V8 heap, free')).toEqual([mib(PARTS.free), mib(PARTS.free), '0 B']);
      expect(told.get('External and array buffers')?.[1]).toBe(mib(PARTS.external));
      expect(told.get('Malloc beside them')?.[1]).toBe(mib(PARTS.slack));
      expect(told.get('Code and data')?.[1]).toBe(mib(PARTS.code));
      expect(told.get('Stacks')?.[1]).toBe(mib(PARTS.stack));
      expect(told.get('Not accounted for')?.[1]).toBe(mib(PARTS.other));
      const all = Object.values(PARTS).reduce((sum, value) => sum + value) + last;
      expect(told.get('Resident memory')?.[1]).toBe(mib(all));
      const labels = await page
        .locator('#process .v8 .chart')
        .evaluateAll((charts) => charts.map((chart) => chart.getAttribute('aria-label')));
      expect(labels).toEqual([
        'Resident memory of node (300) by what holds it: Code and data, Stacks, V8 heap, in use, V8 heap, free, ' +
          'External and array buffers, Malloc beside them, Not accounted for',
        'Spaces of the V8 heap of node (300), what is in use: old, new',
        'Pauses of node (300) for collections: All of the heap, Young objects and steps',
      ]);
    });
  });

  it('follows the stretch that is shown, and the choice of what of a space', async () => {
    await pages.look(`${html}${process}&t=0-5`, async (page) => {
      const at = Number.parseFloat((await parts(page)).get('V8 heap, in use')![1]!);
      expect(at).toBeGreaterThan(usedAt(45));
      expect(at).toBeLessThan(usedAt(52));
      await page.getByLabel('Of each space').selectOption('committed');
      await page.locator('#process .v8 .chart[aria-label*="what is committed"]').waitFor();
      expect(new URLSearchParams(new URL(page.url()).hash.slice(1)).get('h')).toBe('committed');
    });
  });

  it('names the part that explains the growth', async () => {
    await pages.look(html, async (page) => {
      const findings = await page.locator('#findings').textContent();
      expect(findings).toContain('node (300) grew and gave nothing back: most of it is its V8 heap in use.');
      expect(findings).toMatch(
        /Most of that is its V8 heap in use: from \d+\.\d MiB to \d+\.\d MiB on average, most of it in the space old\./,
      );
      expect(await page.locator('#events .legend').textContent()).toMatch(/44 garbage collection$/);
    });
  });

  it.each(['light', 'dark'] as const)('has no violation that axe finds, %s', async (colorScheme) => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const look = async (page: Page) => {
      await page.evaluate(axe);
      return page.evaluate(async () => {
        const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } };
        return (await axe.run()).violations.map(({ id }) => id);
      });
    };
    expect(await pages.look(html + process, look, { colorScheme })).toEqual([]);
  });

  it('tells of a program that recorded itself where it leaks, and parts that add up to its RSS', async () => {
    const file = folder.file('real.tide');
    const script = `import { startRecording } from 'tidemark';
      import { setTimeout as pause } from 'node:timers/promises';
      const recorder = await startRecording({ target: 'self', hz: 20, v8: true, mappings: 1, budget: 0.5, file: ${JSON.stringify(file)} });
      const held = [];
      for (const until = Date.now() + 6000; Date.now() < until; await pause(50)) held.push(Buffer.alloc(2 ** 19, 1));
      await recorder.stop();`;
    const program = ['--input-type=module', '-e', script];
    await promisify(execFile)(globalThis.process.execPath, program, {
      cwd: new URL('../..', import.meta.url).pathname,
    });
    await pages.look(await pageOf(file), async (page) => {
      expect(await page.locator('#findings').textContent()).toMatch(
        /node \(\d+\) grew and gave nothing back: most of it is external memory and array buffers\./,
      );
      await page.locator('#processes tbody a').first().click();
      await page.locator('#process .v8 tbody tr').first().waitFor();
      const told = await parts(page);
      const change = (part: string) => Number.parseFloat(told.get(part)![2]!);
      // Half a MiB twenty times a second for six.
      expect(change('External and array buffers')).toBeGreaterThan(40);
      expect(change('External and array buffers')).toBeLessThan(62);
      expect(change('Resident memory')).toBeGreaterThan(40);
      expect(Number.parseFloat(told.get('Code and data')![1]!)).toBeGreaterThan(20);
    });
  });
});

describe('the layers of an instant', () => {
  const read = { malloc: 30, images: 20, stacks: 2, files: 5 };
  const sum = (amounts: object) => Object.values(amounts).reduce((all: number, bytes: number) => all + bytes, 0);

  it('add up to RSS also where V8 tells of more than is resident', () => {
    const amounts = v8Amounts({ rss: 100, rssAnon: 70, used: 40, physical: 60, external: 500, ...read })!;
    expect(sum(amounts)).toBe(100);
    // The least certain gives way.
    expect(amounts['V8 heap, in use']).toBe(40);
    expect(amounts['External and array buffers']).toBe(13);
    expect(amounts['Not accounted for']).toBe(0);
  });

  it('have a layer for what nothing explains', () => {
    const amounts = v8Amounts({ rss: 200, rssAnon: 170, used: 40, physical: 60, external: 10, ...read })!;
    expect(amounts).toMatchObject({ 'Malloc beside them': 20, 'Not accounted for': 83 });
    expect(sum(amounts)).toBe(200);
  });

  it('are of less where no mappings were read, and of nothing where the heap is not known', () => {
    const none = { malloc: undefined, images: undefined, stacks: undefined, files: undefined };
    const amounts = v8Amounts({ rss: 100, rssAnon: 70, used: 40, physical: 50, external: 5, ...none })!;
    expect(amounts).toMatchObject({ 'Files and shared': 30, 'Code and data': 0, 'Not accounted for': 15 });
    expect(v8Amounts({ rss: 100, rssAnon: 70, used: null, physical: null, external: null, ...none })).toBeUndefined();
  });
});
