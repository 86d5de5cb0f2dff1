import { describe, expect, it } from 'vitest';
import { readConfig } from './agent-config.js';
import { agentOptions } from './agent-options.js';

describe('the file of the agent', () => {
  it('has options as settings', () => {
    const text =
      '# ours\n\nlisten = 127.0.0.1:0\n  size=16M\r\nhost = web 1\nwindow = 30s\ncapture-on = oom\ncapture-on = rss>1G\n';
    const { values, errors } = readConfig(text, agentOptions());
    expect(errors).toEqual([]);
    expect(Object.fromEntries(values)).toEqual({
      ...{ listen: { host: '127.0.0.1', port: 0 }, size: 2 ** 24, host: 'web 1', window: 30_000_000_000n },
      captureOn: ['oom', 'rss>1G'],
    });
  });

  it('is told all that is wrong with it, with the lines', () => {
    const text = 'size = 5\nsize\n\nsise = 16M\nhost =\nhz = 10\nhz = 20\nbudget = 300%\nconfig = other\n\x1b[2J = 1\n';
    const { values, errors } = readConfig(text, agentOptions());
    expect(errors.map((sentence) => sentence.slice(0, 40))).toEqual(
      [
        'line 1: size: "5" is not a size; allowed:',
        'line 2: "size" is no setting; allowed: na',
        'line 4: there is no setting "sise"; the s',
        'line 5: host has no value',
        'line 7: hz is on line 6 already',
        'line 8: budget: "300%" is not a budget; a',
        'line 9: there is no setting "config"; the',
        'line 10: "\\x1B[2J = 1" is no setting; al',
      ].map((sentence) => sentence.slice(0, 40)),
    );
    expect([...values]).toEqual([['hz', 10]]);
  });
});
