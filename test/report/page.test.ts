/** The page of a recording in a browser: what it shows, what can be done with it, and what it must never do. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { HOSTILE, LEAKY, MARKUP, PROCESSES, SPIKE } from './story.js';
import { useStoryPage } from './story-page.js';

const leaky = `${LEAKY.pid}:${LEAKY.startTicks}`;
const { html, withPage } = useStoryPage();

const rows = (page: Page) => page.locator('#processes tbody tr');
// Of the page itself: the address that its driver knows comes a moment later.
const fragmentOf = async (page: Page) => new URLSearchParams(await page.evaluate(() => location.hash.slice(1)));

describe('the page', { timeout: 90_000 }, () => {
  it('says in words what stands out, each with its time', async () => {
    await withPage('', async (page) => {
      expect(await page.title()).toBe('story.tide – Tidemark');
      const findings = await page.locator('#findings li').allTextContents();
      expect(findings).toHaveLength(5);
      expect(findings[0]).toMatch(/^Killed Out of memory: the kernel killed victim \(105\)\./);
      expect(findings[1]).toMatch(
        /^Grew leaky \(100\) grew in each quarter of 20\.\ds: from \d+\.\d MiB to \d+\.\d MiB/,
      );
      expect(findings[2]).toMatch(/% of the host's 2\.0 GiB/);
      expect(findings.at(-1)).toMatch(/^Not seen 8 of 209 ticks are missing, PSS of 1 process was denied/);
      await page.locator('#findings a[data-finding="grew"]').click();
      await page.locator('#process h3.name', { hasText: 'leaky (100)' }).waitFor();
      expect((await fragmentOf(page)).get('p')).toBe(leaky);
    });
  });

  it('keeps the peak of a single tick, whatever the zoom', async () => {
    await withPage('', async (page) => {
      const most = await page.locator('#timeline .shown').textContent();
      // All the others together have less than 600 MiB.
      const peak = Number(/At most (\d+(?:\.\d+)?) GiB/.exec(most!)![1]) * 1024;
      expect(peak).toBeGreaterThan(SPIKE.bytes / 2 ** 20);
      await page.locator('#search').fill('spiky');
      expect(await rows(page).locator('td').first().textContent()).toBe('900.0 MiB');
      // It was read once, in the beginning.
      expect(await page.locator('#processes td.old').allTextContents()).toEqual(['15.0 MiB', '14.0 MiB', '0 B']);
      expect(await page.locator('#processes td.old').first().getAttribute('title')).toBe(
        'read 20.5s before its last tick',
      );
      expect(await page.locator('#processes .note').textContent()).toMatch(/^In italics: read more than 5\.00s before/);
      await page.locator('#search').fill('leaky');
      expect(await page.locator('#processes td.old').count()).toBe(0);
      expect(await page.locator('#processes .note').isVisible()).toBe(false);
    });
  });

  it('zooms by the mouse and by the keyboard, and goes back', async () => {
    await withPage('', async (page) => {
      const plot = page.locator('#timeline .u-over').first();
      const box = (await plot.boundingBox())!;
      await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 4 });
      await page.mouse.up();
      const [from, to] = (await fragmentOf(page)).get('t')!.split('-').map(Number);
      expect(from).toBeCloseTo(20.9 / 4, 0);
      expect(to).toBeCloseTo(20.9 / 2, 0);
      await page.goBack();
      expect((await fragmentOf(page)).get('t')).toBeNull();
      await page.locator('#timeline .pictures').focus();
      await page.keyboard.press('+');
      const half = (await fragmentOf(page)).get('t')!.split('-').map(Number);
      expect(half[1]! - half[0]!).toBeCloseTo(20.9 / 2, 0);
      await page.keyboard.press('ArrowRight');
      expect(Number((await fragmentOf(page)).get('t')!.split('-')[0])).toBeGreaterThan(half[0]!);
      await page.keyboard.press('0');
      expect((await fragmentOf(page)).get('t')).toBeNull();
    });
  });

  it('finds, ranks and opens processes', async () => {
    await withPage('', async (page) => {
      expect(await page.locator('#processes .count').textContent()).toMatch(
        new RegExp(`^${PROCESSES} of ${PROCESSES} `),
      );
      expect(await rows(page).count()).toBe(25);
      await page.getByRole('button', { name: 'Show 100 more' }).click();
      expect(await rows(page).count()).toBe(PROCESSES);
      await page.getByRole('button', { name: 'Growth', exact: true }).click();
      expect(await rows(page).first().locator('a').textContent()).toBe('leaky (100)');
      expect(await page.locator('#processes th[aria-sort]').textContent()).toBe('Growth');
      await page.getByRole('button', { name: 'Churn', exact: true }).click();
      expect(await rows(page).first().locator('a').textContent()).toBe('churny (102)');
      await page.locator('#search').fill('still-7');
      expect(await rows(page).count()).toBe(1);
      await rows(page).first().locator('a').click();
      await page.locator('#process h3.name', { hasText: 'still-7 (207)' }).waitFor();
      expect(await page.locator('#process .space').textContent()).toMatch(/mappings were not recorded/);
    });
  });

  it('shows what a process is made of, and what changed between two instants', async () => {
    await withPage(`#p=${leaky}`, async (page) => {
      const space = page.locator('#process .space');
      expect(await page.locator('#process .u-legend').first().textContent()).toMatch(/PSS, estimated/);
      expect(await page.locator('#process .u-legend').nth(1).textContent()).toMatch(/heap.*stack.*lib-text.*anon/);
      await space.getByText(/^5 mappings, /).waitFor();
      await space.getByLabel('Compare with another instant').check();
      await space.getByText(/1 are gone/).waitFor();
      const gone = space.locator('tr.gone');
      expect(await gone.textContent()).toMatch(/anonymous$/);
      const heap = space.locator('tbody tr', { hasText: '[heap]' });
      // From tick 5 to tick 165 it grew by a MiB in each.
      expect(await heap.textContent()).toMatch(/\+160\.0 MiB/);
      await space.getByLabel('At', { exact: false }).first().fill('0');
      await space.getByText(/^6 mappings/).waitFor();
      expect((await fragmentOf(page)).get('a')).toBe('0.6');
    });
  });

  it('lists what happened in the stretch that is shown', async () => {
    await withPage('', async (page) => {
      const events = page.locator('#events');
      const legend = await events.locator('.legend').textContent();
      expect(legend).toMatch(/1 gap/);
      expect(legend).toMatch(/1 out of memory/);
      expect(legend).toMatch(/1 garbage collection/);
      expect(legend).toMatch(/1 exec/);
      expect(await events.locator('tbody').textContent()).toContain(`load ${MARKUP}`);
      const only = events.getByRole('button', { name: '1 out of memory' });
      await only.click();
      expect(await only.getAttribute('aria-pressed')).toBe('true');
      expect(await events.locator('tbody tr').allTextContents()).toEqual([
        expect.stringMatching(/out of memory.*the kernel killed victim \(105\)$/),
      ]);
      await page.keyboard.press('Enter');
      expect(await only.getAttribute('aria-pressed')).toBe('false');
      await page.evaluate(() => {
        location.hash = '#t=8.5-9.3';
      });
      await events.getByText('1 in this stretch, 1 shown.').waitFor();
      expect(await events.locator('tbody tr').textContent()).toMatch(/mark.*phase two/);
    });
  });

  it('takes names that are markup or code for text', async () => {
    const text = readFileSync(html, 'utf8');
    expect(text).not.toContain('onerror');
    await withPage(`#p=${HOSTILE.pid}:${HOSTILE.startTicks}&q=onerror`, async (page) => {
      await page.locator('#process h3.name', { hasText: MARKUP }).waitFor();
      expect(await rows(page).count()).toBe(1);
      expect(await page.locator('#process').textContent()).toContain('</script><script>');
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.title()).toBe('story.tide – Tidemark');
      await page.locator('#search').fill('b\\xFF');
      expect(await rows(page).first().locator('a').textContent()).toBe('b\\xFF\\xFE\\x0A\\x1B[ (103)');
    });
  });

  it('restores a view from its fragment, and survives one that is nonsense', async () => {
    await withPage(`#t=2-4&m=cpu&p=${leaky}&q=leak&s=growth&a=4.5&b=0.5&z=rss&y=rss`, async (page) => {
      expect(await page.locator('#timeline .shown').textContent()).toMatch(/^Shown: .*22\.000 to .*24\.000/);
      expect(await page.getByLabel('Metric').inputValue()).toBe('cpu');
      expect(await page.locator('#search').inputValue()).toBe('leak');
      expect(await page.getByLabel('To the scale of').inputValue()).toBe('rss');
      expect(await page.getByLabel('Added up by').inputValue()).toBe('rss');
      expect(await page.getByLabel('Compare with another instant').isChecked()).toBe(true);
    });
    await withPage('#t=9-3&m=<b>&p=no:body&s=%00&a=x&y=constructor&t=1e99', async (page) => {
      expect(await page.locator('#process').textContent()).toMatch(/not listed in this recording/);
    });
    await withPage('#t=9000-99999', async (page) => {
      expect(await page.locator('#timeline .shown').textContent()).toMatch(/^Shown: .*20\.000 to /);
    });
  });

  it('draws the same picture for the same fragment, and another one for another', async () => {
    const pictureAt = async (hash: string, before = hash): Promise<Buffer> => {
      let picture!: Buffer;
      await withPage(before, async (page) => {
        await page.evaluate((next) => {
          location.hash = next;
        }, hash);
        await page.waitForFunction(() => document.querySelector('#process .space canvas') !== null);
        await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
        picture = await page.locator('main').screenshot({ animations: 'disabled' });
      });
      return picture;
    };
    const hash = `#t=5-15&p=${leaky}&a=12.5&b=0.5`;
    const [direct, led, other] = [
      await pictureAt(hash),
      await pictureAt(hash, '#m=cpu'),
      await pictureAt(`#p=${leaky}&a=12.5`),
    ];
    expect(direct.equals(led)).toBe(true);
    expect(direct.equals(other)).toBe(false);
  });

  it('shows gaps, marks and the estimated stretches in their colours', async () => {
    await withPage(`#p=${leaky}`, async (page) => {
      // How many pixels of a canvas are near a colour of the style sheet.
      const pixels = (selector: string, name: string) =>
        page.evaluate(
          ([where, variable]) => {
            const canvas = document.querySelector<HTMLCanvasElement>(where!)!;
            const { width, height } = canvas;
            const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
            copy.drawImage(canvas, 0, 0);
            const { data } = copy.getImageData(0, 0, width, height);
            const hex = getComputedStyle(document.documentElement).getPropertyValue(variable!).trim();
            const wanted = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
            let count = 0;
            for (let at = 0; at < data.length; at += 4) {
              const isNear = wanted.every((value, index) => Math.abs(data[at + index]! - value) < 40);
              if (isNear && data[at + 3]! > 80) count++;
            }
            return count;
          },
          [selector, name],
        );
      const timeline = '#timeline canvas';
      expect(await pixels(timeline, '--gap')).toBeGreaterThan(50);
      expect(await pixels(timeline, '--oom')).toBeGreaterThan(50);
      expect(await pixels(timeline, '--mark')).toBeGreaterThan(50);
      expect(await pixels('#process canvas', '--line-2')).toBeGreaterThan(50);
      await page.evaluate(() => {
        location.hash = '#t=0-2';
      });
      await page.getByText('Nothing in this stretch.').waitFor();
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      expect(await pixels(timeline, '--gap')).toBe(0);
      expect(await pixels(timeline, '--oom')).toBe(0);
    });
  });

  it('copies its findings as Markdown in which names are no markup', async () => {
    await withPage('', async (page) => {
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.getByRole('button', { name: 'Copy as Markdown' }).click();
      await page.getByText('Copied.').waitFor();
      const text = await page.evaluate(() => navigator.clipboard.readText());
      expect(text).toMatch(
        /^## The kernel killed victim \(105\): out of memory\. leaky \(100\) grew and gave nothing back\.\n\n- \*\*Killed\*\*: Out of memory/,
      );
      expect(text).toContain('- **Not seen**: ');
    });
  });
});
