/**
 * What an action prints, line by line, as far as somebody may want to read it.
 *
 * The trap: one that floods must neither fill the terminal nor keep us busy; and one that prints more than is shown must not
 * be ended by a closed pipe. So it goes on, as fast as a pipe is emptied ten times a second.
 */
import type { Readable } from 'node:stream';

const MOST_LINES = 100;
const MOST_CHARACTERS = 500;
const REST_MS = 100;

/** Calls `show` with each line, up to a most. `close` ends it. */
export class ActionOutput {
  readonly #streams: readonly Readable[];
  #lines = 0;

  constructor(
    streams: readonly (Readable | null)[],
    private readonly show: (line: string) => void,
  ) {
    this.#streams = streams.filter((stream) => stream !== null);
    for (const stream of this.#streams) this.#listen(stream);
  }

  #listen(stream: Readable): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('error', () => {});
    stream.on('data', (text: string) => {
      if (this.#lines > MOST_LINES) return pauseFor(stream);
      const lines = (rest + text).split('\n');
      // A line without an end is cut: what is kept of it is bounded.
      rest = lines.pop()!.slice(0, MOST_CHARACTERS + 1);
      for (const line of lines) this.#show(line);
    });
    stream.on('end', () => {
      if (rest !== '') this.#show(rest);
    });
  }

  #show(line: string): void {
    this.#lines++;
    if (this.#lines > MOST_LINES + 1) return;
    if (this.#lines > MOST_LINES) this.show('... what else it prints is not shown');
    else this.show(line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}...` : line);
  }

  /** Nobody reads any more. */
  close(): void {
    for (const stream of this.#streams) stream.destroy();
  }
}

function pauseFor(stream: Readable): void {
  stream.pause();
  setTimeout(() => stream.resume(), REST_MS).unref();
}
