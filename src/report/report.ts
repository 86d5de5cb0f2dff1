/** The report: a recording as one page. */
import type { Recording } from '../recording/recording.js';
import { readPageAssets } from './page-assets.js';
import { PageMaker } from './page-blocks.js';
import { pageHtml } from './page-html.js';

export interface ReportOptions {
  /** What the page is called; default: the name of the host. */
  readonly title?: string;
  /** Told how many frames have been read, each 256 of them. */
  readonly onProgress?: (frames: number) => void;
}

/** The page in pieces of text, to be written one after the other. */
export function reportPage(recording: Recording, options: ReportOptions = {}): Iterable<string> {
  const maker = new PageMaker(recording, options.title ?? recording.metadata.host.hostname);
  maker.advance(options.onProgress);
  return pageHtml(readPageAssets(), maker.blocks());
}
