/** The page of the story, made once for the tests of a file, and a browser to look at it. */
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { scratch } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { type PageOptions, useBrowser } from './browser.js';
import { writeStory } from './story.js';

export interface StoryPage {
  /** Path of the page. */
  readonly html: string;
  /** Looks at it at a fragment. */
  withPage(hash: string, look: (page: Page) => Promise<void>, options?: PageOptions): Promise<void>;
}

export function useStoryPage(): StoryPage {
  const folder = scratch();
  const html = folder.file('story.html');
  const pages = useBrowser();
  beforeAll(async () => {
    writeStory(folder.file('story.tide'));
    const made = await runTidemark(['report', folder.file('story.tide'), '-o', html]);
    expect(made).toEqual({ code: 0, stdout: '', stderr: '' });
  }, 90_000);
  afterAll(() => folder[Symbol.dispose]());
  return { html, withPage: (hash, look, options) => pages.look(pathToFileURL(html).href + hash, look, options) };
}
