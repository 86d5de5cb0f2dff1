import { openSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { WholeFile } from './whole-file.js';

const FILES = { open: (path: string | Buffer) => openSync(path, 'r') };

it('a file without end is one, and leaves nothing open', () => {
  const before = readdirSync('/proc/self/fd').length;
  const file = new WholeFile(1 << 20);
  expect(() => file.read(FILES, '/dev/zero')).toThrow(
    expect.objectContaining({ code: 'EFBIG', message: '/dev/zero does not end' }),
  );
  // One as long as may be is read to its end, by the same buffer.
  expect(file.read(FILES, '/dev/null')).toBe(0);
  expect(readdirSync('/proc/self/fd')).toHaveLength(before);
});
