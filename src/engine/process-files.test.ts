import { expect, it } from 'vitest';
import { readMaps, readSmaps, readSmapsRollup } from './process-files.js';

it.each([readMaps, readSmaps, readSmapsRollup])('%o refuses an option that there is none', (read) => {
  const sentence = /^There is no "procfs" option; the options are root, host, tokenizers, readBytes$/;
  expect(() => read(process.pid, { procfs: '/proc' } as never)).toThrow(sentence);
  expect(read(process.pid, { root: '/proc' }).status).toBe('ok');
});
