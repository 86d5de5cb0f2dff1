/**
 * The page of a recording that may still grow, as a server answers for it: the page itself, and what is newer than a
 * version of it.
 *
 * The trap: to make the data takes longer the more there are. So they are made when somebody asks, once for all who ask,
 * and not again before four times as long has passed as it took.
 */
import type { Answer } from '../http/local-server.js';
import type { Recording } from '../recording/recording.js';
import { readPageAssets } from './page-assets.js';
import { type Blocks, PageMaker } from './page-blocks.js';
import { pageHtml } from './page-html.js';

const LEAST_AGE_MS = 500;
const REST = 4;

export class LivePage {
  readonly #maker: PageMaker;
  #blocks: Blocks | undefined;
  #version = 0;
  #restUntil = 0;
  #wasOver = false;

  /** `isOver`: whether nothing more will come. */
  constructor(
    recording: Recording,
    title: string,
    private readonly isOver: () => boolean,
  ) {
    this.#maker = new PageMaker(recording, title, true);
  }

  /** The answer to a request for a path of the page. */
  respond(path: string, query: URLSearchParams): Answer | undefined {
    if (path === '') return { type: 'text/html; charset=utf-8', body: pageHtml(readPageAssets(), this.#now(), true) };
    if (path !== 'data') return undefined;
    return { type: 'application/json', body: this.#newer(Number(query.get('after'))) };
  }

  *#newer(after: number): Generator<string> {
    const blocks = this.#now();
    const isNewer = this.#version > after;
    yield `{"version":${this.#version},"isOver":${this.#wasOver}`;
    if (isNewer) {
      yield ',"blocks":{';
      let comma = '';
      for (const [name, bytes] of blocks) {
        yield `${comma}"${name}":"${Buffer.from(bytes).toString('base64')}"`;
        comma = ',';
      }
      yield '}';
    }
    yield '}';
  }

  #now(): Blocks {
    const before = performance.now();
    if (this.#blocks && (before < this.#restUntil || this.#wasOver)) return this.#blocks;
    // Asked first: what is written between the two questions is taken in.
    const isOver = this.isOver();
    const isMoved = this.#maker.advance();
    if (!this.#blocks || isMoved || isOver) {
      this.#blocks = this.#maker.blocks(isOver);
      this.#version++;
    }
    this.#wasOver = isOver;
    const after = performance.now();
    this.#restUntil = after + Math.max(LEAST_AGE_MS, REST * (after - before));
    return this.#blocks;
  }
}
