import { describe, expect, it } from 'vitest';
import { InputError } from '../text/input-error.js';
import { parseGroupBy, UNMATCHED } from './group-by.js';

const ID = '0123456789ab'.padEnd(64, 'c');
const inUnit = { comm: 'nginx', exe: '/usr/sbin/nginx', cgroups: '0::/system.slice/nginx.service\n' };
const inDocker = { comm: 'sh', exe: '', cgroups: `0::/system.slice/docker-${ID}.scope\n` };
const nowhere = { comm: 'init', exe: '/sbin/init (deleted)', cgroups: '0::/\n' };

describe('a group', () => {
  it.each([
    ['container', ['nginx.service', 'docker:0123456789ab', 'init']],
    ['unit', ['nginx.service', 'system.slice', 'init']],
    ['comm', ['nginx', 'sh', 'init']],
    ['exe', ['/usr/sbin/nginx', '[sh]', '/sbin/init']],
    ['cgroup', ['/system.slice/nginx.service', `/system.slice/docker-${ID}.scope`, '/']],
    ['comm:^n(.)i', ['g', UNMATCHED, UNMATCHED]],
    ['exe:/(s?bin)/(.*)$', ['sbin/nginx', UNMATCHED, 'sbin/init']],
    ['cgroup:^/[a-z]+[.]slice', ['/system.slice', '/system.slice', UNMATCHED]],
  ])('by %s', (text, names) => {
    const by = parseGroupBy(text);
    expect([inUnit, inDocker, nowhere].map((process) => by.nameOf(process))).toEqual(names);
  });

  it('has a name, also of a process of which nothing is known', () => {
    const unknown = { comm: '', exe: '', cgroups: '' };
    expect(['container', 'unit', 'comm', 'exe', 'cgroup'].map((word) => parseGroupBy(word).nameOf(unknown))).toEqual([
      ...['?', '?', '?', '[]', '/'],
    ]);
  });

  it('has a name that is cut where it is long, and two stay two', () => {
    const by = parseGroupBy('cgroup');
    const [a, b] = ['a', 'b'].map((end) => by.nameOf({ ...nowhere, cgroups: `0::/${'x'.repeat(4000)}${end}\n` }));
    expect(a).not.toBe(b);
    expect(a!.length).toBeLessThan(200);
  });

  it.each(['contaner', 'comm:', 'exe:(', 'cmdline:x', ''])('refuses %j', (text) => {
    expect(() => parseGroupBy(text)).toThrow(InputError);
  });
});
