/** What is asked of a recording with an option that there is none: it is said, and nothing else is answered. */
import { expect, it } from 'vitest';
import { Author, someone } from '../../test/recorder/synthetic.js';

const author = new Author();
author.arrive(0, someone(10));
author.set(0, { rss: 4096 });
author.sweep();
author.close();
const recording = author.open();

it.each([
  ['frames', () => recording.frames({ form: 1n } as never), /^There is no "form" option; the options are from, to$/],
  ['frames', () => recording.frames({ from: 1 as never }), /^Expected the "from" option to be a bigint of Unix nanos/],
  ['frames', () => recording.frames(null as never), /^Expected the options to be an object, got null$/],
  ['hostAt', () => recording.hostAt(1n, { host: 1 } as never), /^There is no "host" option; the options are source$/],
])('%s: at once, before the first frame is asked for', (_name, ask, sentence) => {
  expect(ask).toThrow(TypeError);
  expect(ask).toThrow(sentence);
});
