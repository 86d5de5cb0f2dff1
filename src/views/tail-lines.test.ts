import { expect, it } from 'vitest';
import { eventLine } from './tail-lines.js';

it('tells all of an event, of an action on a rule too', () => {
  const line = eventLine(0n, {
    type: 'mark',
    name: 'rss>20MiB: 20.1 MiB',
    ...{ pid: 7, startTicks: 8, comm: 'a\nb', commHex: '610a62' },
    action: { rule: 'rss>20MiB', state: 'fired', command: 'true', metric: 'rss', value: 21 },
  });
  expect(line).toMatch(/ {2}mark {2}name=rss>20MiB: 20\.1 MiB pid=7 startTicks=8 comm=a\\x0Ab action\.rule=rss>20MiB /);
  expect(line).toMatch(/ action\.state=fired action\.command=true action\.metric=rss action\.value=21$/);
  const args = ['a', 'b'];
  expect(eventLine(0n, { type: 'exec', pid: 7, startTicks: 8, comm: 'a', args })).toMatch(/ comm=a args=a b$/);
});
