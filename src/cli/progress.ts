/**
 * A line on stderr that says how far the work is, drawn over itself.
 *
 * The traps: in a log file it would be a thousand lines, and for work of a moment it only flickers. So it exists on a
 * terminal only, and from the second second on. And a line that is wider than the terminal is two, of which only the second
 * is drawn over.
 */
import { fitWidth } from '../text/display-width.js';

const FIRST_MS = 1000;
const INTERVAL_MS = 200;
const ERASE_LINE = '\r\x1b[K';

export interface Progress {
  /** Shows the sentence if it is time to; `sentence` is called only then. */
  readonly show: (sentence: () => string) => void;
  /** Removes the line, before anything else is printed. */
  readonly clear: () => void;
}

export function startProgress(): Progress {
  let drawn = false;
  let next = performance.now() + FIRST_MS;
  return {
    show(sentence) {
      if (!process.stderr.isTTY || performance.now() < next) return;
      process.stderr.write(ERASE_LINE + fitted(sentence()));
      drawn = true;
      next = performance.now() + INTERVAL_MS;
    },
    clear() {
      if (drawn) process.stderr.write(ERASE_LINE);
      drawn = false;
    },
  };
}

/** With the last column free, where some terminals go to the next line. A terminal that does not tell its width has 0 columns. */
function fitted(sentence: string): string {
  const columns = process.stderr.columns || Number.POSITIVE_INFINITY;
  return fitWidth(sentence, columns - 1, '...');
}
