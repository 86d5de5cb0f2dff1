/**
 * The page in a real browser: Debian's chromium, driven by playwright-core.
 *
 * The trap: a page that works may still have asked for something from outside, or complained on its console. So everything
 * that it asks for and says is kept, and each test ends with a look at that.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);

export interface Opened {
  readonly page: Page;
  /** What it said on its console, and errors that nobody caught. */
  readonly said: string[];
  /** Addresses that it asked for, but for its own. */
  readonly asked: string[];
}

export function launchBrowser(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('There is no chromium: apt-get install chromium');
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export type PageOptions = Parameters<Browser['newPage']>[0];

/** Opens an address and waits until the page is drawn. */
export async function openPage(browser: Browser, url: string, options: PageOptions = {}): Promise<Opened> {
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
