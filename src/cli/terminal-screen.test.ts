import { describe, expect, it } from 'vitest';
import { span } from '../views/screen/styled-line.js';
import { ansiLine } from './ansi-line.js';
import { frameOf } from './terminal-screen.js';

describe('a frame', () => {
  it('has only the lines that moved', () => {
    expect(frameOf(['a', 'B', 'c'], ['a', 'b', 'c'])).toBe('\x1b[2;1H\x1b[KB');
    expect(frameOf(['a', 'b'], ['a', 'b'])).toBe('');
  });

  it('is whole when the size is another one', () => {
    expect(frameOf(['a', ''], [])).toBe('\x1b[0m\x1b[2J\x1b[1;1H\x1b[Ka\x1b[2;1H\x1b[K');
  });
});

describe('a line', () => {
  const line = { spans: [span('a', 'up'), span('b'), span('', 'bold'), span('c', 'dim')] };

  it('has its colours, and ends without any', () => {
    expect(ansiLine(line, 10, true)).toBe('\x1b[0;33ma\x1b[0mb\x1b[0;2mc\x1b[0m');
    expect(ansiLine({ spans: [span('x')] }, 10, true)).toBe('x');
  });

  it('has none without colour', () => {
    expect(ansiLine(line, 10, false)).toBe('ab\x1b[0;2mc\x1b[0m');
  });

  it('is a bar over the whole width', () => {
    expect(ansiLine({ spans: [span('ab', 'dim')], isBar: true }, 4, false)).toBe('\x1b[0;7mab  \x1b[0m');
  });
});
