import { describe, expect, it } from 'vitest';
import { FIRST_STATE, type KeyEffect, pressKey, type ScreenState } from './screen-state.js';

const ROWS = ['a', 'b', 'c', 'd', 'e'];

function press(keys: readonly string[], state: Partial<ScreenState> = {}): ScreenState & { effect?: KeyEffect } {
  let now: ScreenState = { ...FIRST_STATE, ...state };
  let effect: KeyEffect | undefined;
  for (const key of keys) ({ state: now, effect } = pressKey(now, key, { rows: ROWS, page: 2 }));
  return { ...now, ...(effect ? { effect } : {}) };
}

describe('selecting', () => {
  it.each([
    [['down'], 'a'],
    [['down', 'down'], 'b'],
    [['up'], 'a'],
    [['pagedown'], 'b'],
    [['down', 'pagedown', 'pagedown'], 'e'],
    [['end'], 'e'],
    [['end', 'pageup'], 'c'],
    [['end', 'home'], 'a'],
    [['end', 'down'], 'e'],
  ])('%j selects %s', (keys, row) => {
    expect(press(keys).selected).toBe(row);
  });

  it('is of a process, which may have gone', () => {
    expect(press(['down'], { selected: 'gone' }).selected).toBe('a');
    expect(pressKey(FIRST_STATE, 'down', { rows: [], page: 2 }).state.selected).toBeUndefined();
  });
});

describe('opening', () => {
  it('is of the selected process, else of the first, and Escape comes back to it', () => {
    expect(press(['enter'])).toMatchObject({ view: 'process', opened: 'a' });
    expect(press(['down', 'down', 'enter'])).toMatchObject({ view: 'process', opened: 'b' });
    const back = press(['down', 'down', 'enter', 'escape']);
    expect(back).toMatchObject({ view: 'list', selected: 'b' });
    expect(back.opened).toBeUndefined();
  });

  it('lists the members of a group, and Escape comes back to the groups', () => {
    const inside = press(['enter'], { grouping: 'user', selected: 'c' });
    expect(inside).toMatchObject({ grouping: 'none', within: { grouping: 'user', key: 'c' } });
    expect(press(['escape'], inside)).toMatchObject({ grouping: 'user', selected: 'c' });
    expect(press(['escape'], inside).within).toBeUndefined();
  });
});

describe('the filter', () => {
  it('takes every key until Enter or Escape', () => {
    expect(press(['/', 'q', '1', ' ', '日']).filter).toBe('q1 日');
    expect(press(['/', 'q', 'enter']).filterBefore).toBeUndefined();
    expect(press(['/', 'a', 'b', 'backspace', 'enter', 'q'])).toMatchObject({ filter: 'a', effect: 'quit' });
    expect(press(['/', 'x', 'escape'], { filter: 'old' })).toMatchObject({ filter: 'old' });
    expect(press(['/', 'ctrl-u', 'n'], { filter: 'old' }).filter).toBe('n');
    expect(press(['/', 'up', 'tab']).filter).toBe('');
  });

  it('goes with Escape, after the selection', () => {
    expect(press(['down', 'escape'], { filter: 'x' })).toMatchObject({ filter: 'x' });
    expect(press(['down', 'escape', 'escape'], { filter: 'x' })).toMatchObject({ filter: '' });
  });
});

it('groups, sorts, reverses, pauses, and shows more', () => {
  expect(['g', 'gg', 'ggg', 'gggg'].map((keys) => press([...keys]).grouping)).toEqual([
    'command',
    'user',
    'unit',
    'none',
  ]);
  expect(press(['3'])).toMatchObject({ sort: 'rss', reversed: false });
  expect(press(['>', '>']).sort).toBe('rss');
  expect(press(['<']).sort).toBe('unit');
  expect(press(['r', 'u', 'c', ' '])).toMatchObject({ reversed: true, uss: true, commandLines: true, paused: true });
});

it('shows help over whatever there is', () => {
  expect(press(['?']).view).toBe('help');
  expect(press(['?', '?']).view).toBe('list');
  expect(press(['enter', '?', 'escape'])).toMatchObject({ view: 'process', opened: 'a' });
  expect(press(['?', 'down', 'down', 'up']).top).toBe(1);
});

it.each([
  ['q', 'quit'],
  ['ctrl-c', 'quit'],
  ['ctrl-z', 'suspend'],
  ['ctrl-l', 'redraw'],
])('%s asks to %s', (key, effect) => {
  expect(press([key]).effect).toBe(effect);
});

it('can be left while a filter is typed', () => {
  expect(press(['/', 'ctrl-c']).effect).toBe('quit');
});
