import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseMemoryLimits } from './limits.js';

const HEAD = 'Limit                     Soft Limit           Hard Limit           Units     \n';

describe('limits', () => {
  it('are the soft ones, and absent where there is none', () => {
    const text = `${HEAD}Max data size             unlimited            unlimited            bytes     \nMax resident set          4096                 4096                 bytes     \nMax address space         1073741824           2147483648           bytes     \n`;
    expect(parseMemoryLimits(text)).toEqual({ addressSpace: 2 ** 30 });
    expect(parseMemoryLimits(text.replace('unlimited ', '67108864  '))).toEqual({
      addressSpace: 2 ** 30,
      data: 2 ** 26,
    });
  });

  it('are none in a text that is cut or empty', () => {
    expect(parseMemoryLimits('')).toEqual({});
    expect(parseMemoryLimits(`${HEAD}Max address space         10737`)).toEqual({});
  });

  it('of this process can be read', () => {
    expect(() => parseMemoryLimits(readFileSync('/proc/self/limits', 'latin1'))).not.toThrow();
  });
});
