/**
 * The page in a real browser: Debian's chromium, driven by playwright-core.
 *
 * The trap: a page that works may still have asked for something from outside, or complained on its console. So everything
 * that it asks for and says is kept, and each test ends with a look at that.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);

export interface Opened {
  readonly page: Page;
  /** What it said on its console, and errors that nobody caught. */
  readonly said: string[];
  /** Addresses that it asked for, but for its own. */
  readonly asked: string[];
}

export type PageOptions = Parameters<Browser['newPage']>[0];

export interface Pages {
  /** Opens an address and waits until the page is drawn. */
  open(url: string, options?: PageOptions): Promise<Opened>;
  /** Opens an address, looks, and checks at the end that the page asked for nothing and complained of nothing. */
  look<T>(url: string, look: (page: Page) => Promise<T>, options?: PageOptions): Promise<T>;
}

/** A browser for the tests of a file: started before them, and closed when they are over. */
export function useBrowser(): Pages {
  let browser: Browser;
  beforeAll(async () => {
    if (CHROMIUM === undefined) throw new Error('There is no chromium: apt-get install chromium');
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  }, 90_000);
  afterAll(() => browser?.close());
  const open = (url: string, options?: PageOptions) => openPage(browser, url, options);
  return {
    open,
    async look(url, look, options) {
      const { page, said, asked } = await open(url, options);
      try {
        const found = await look(page);
        expect({ said, asked }).toEqual({ said: [], asked: [] });
        return found;
      } finally {
        await page.close();
      }
    },
  };
}

async function openPage(browser: Browser, url: string, options: PageOptions = {}): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, timezoneId: 'UTC', ...options });
  page.setDefaultTimeout(60_000);
  const said: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('dialog', (dialog) => {
    said.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  const [own] = url.split('#');
  page.on('request', (request) => {
    if (!request.url().startsWith(own!)) asked.push(request.url());
  });
  await page.goto(url);
  await isDrawn(page);
  return { page, said, asked };
}

export async function isDrawn(page: Page): Promise<void> {
  await page.waitForFunction(() => document.documentElement.dataset.ready === 'true');
}
