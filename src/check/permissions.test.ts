import { expect, it } from 'vitest';
import { capabilitiesOf } from './permissions.js';

it('reads the effective capabilities, not the permitted ones', () => {
  const status = 'Name:\tx\nCapPrm:\tffffffffffffffff\nCapEff:\t0000008000080000\nCapBnd:\tffffffffffffffff\n';
  expect(capabilitiesOf(status)).toEqual(['CAP_SYS_PTRACE', 'CAP_BPF']);
});

it('tells none from not known', () => {
  expect(capabilitiesOf('CapEff:\t0000000000000000\n')).toEqual([]);
  expect(capabilitiesOf('Name:\tx\n')).toBeUndefined();
});
