/** The page by the keyboard, for a screen reader, at 200 % text, in the dark and on paper. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { LEAKY } from './story.js';
import { useStoryPage } from './story-page.js';

const leaky = `${LEAKY.pid}:${LEAKY.startTicks}`;
const { withPage } = useStoryPage();

describe('the page is for everybody', { timeout: 90_000 }, () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

  async function violations(page: Page): Promise<string[]> {
    // The page lets no script in; what the debugger evaluates is none of the page's.
    await page.evaluate(axe);
    return page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      const { violations: found } = await axe.run();
      return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
    });
  }

  it.each(['light', 'dark'] as const)('has no violation that axe finds, %s', async (colorScheme) => {
    await withPage(
      `#p=${leaky}&b=0.5`,
      async (page) => {
        expect(await violations(page)).toEqual([]);
        const back = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        expect(back).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(17, 22, 28)');
      },
      { colorScheme },
    );
  });

  it('can be read at 200 % on a small screen without scrolling sideways', async () => {
    await withPage(
      `#p=${leaky}&b=0.5`,
      async (page) => {
        const wide = await page.evaluate(() => {
          document.documentElement.style.fontSize = '200%';
          return new Promise<number>((done) => {
            requestAnimationFrame(() => requestAnimationFrame(() => done(document.documentElement.scrollWidth)));
          });
        });
        expect(wide).toBeLessThanOrEqual(640);
      },
      { viewport: { width: 640, height: 900 } },
    );
  });

  it('can be used by the keyboard alone', async () => {
    await withPage('', async (page) => {
      const reach = async (isThere: string) => {
        for (let presses = 0; presses < 150; presses++) {
          await page.keyboard.press('Tab');
          if (await page.evaluate((selector) => document.activeElement?.matches(selector) ?? false, isThere)) return;
        }
        throw new Error(`Tab never came to ${isThere}`);
      };
      await reach('#search');
      await page.keyboard.type('leaky');
      await reach('#processes tbody a');
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle);
      expect(outline).toBe('solid');
      await page.keyboard.press('Enter');
      await page.locator('#process h3.name', { hasText: 'leaky' }).waitFor();
      await reach('#space-compare');
      await page.keyboard.press('Space');
      await page.getByText(/1 are gone/).waitFor();
    });
  });

  it('is printed light and with all of its tables', async () => {
    await withPage(
      `#p=${leaky}`,
      async (page) => {
        await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
        await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
        expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)');
        expect(await page.locator('#timeline .tools').isVisible()).toBe(false);
        expect(await page.locator('#events .legend button').first().isVisible()).toBe(true);
        // As wide as a sheet of A4 within its margins.
        await page.setViewportSize({ width: 718, height: 1000 });
        const cut = await page
          .locator('.scroll')
          .evaluateAll((tables) => tables.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length);
        expect(cut).toBe(0);
        const pdf = await page.pdf();
        expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
      },
      { colorScheme: 'dark' },
    );
  });
});
