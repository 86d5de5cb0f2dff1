import { expect, it } from 'vitest';
import { mountOptionsOf, readProcfsMount } from './procfs-mount.js';

const TABLE = [
  '22 27 0:21 / /proc rw,nosuid shared:5 master:1 - proc proc rw,hidepid=invisible',
  '30 27 0:22 / /a\\040b rw - proc proc rw',
  '31 27 0:23 / /twice rw - proc proc rw',
  '32 27 0:24 / /twice ro,noexec - proc proc rw,hidepid=2',
  '',
].join('\n');

it('joins the options of the mount and of its file system', () => {
  expect(mountOptionsOf(TABLE, '/proc')).toBe('rw,nosuid,hidepid=invisible');
});

it('undoes the octal escapes of a path', () => {
  expect(mountOptionsOf(TABLE, '/a b')).toBe('rw');
});

it('takes the last of several mounts on one folder', () => {
  expect(mountOptionsOf(TABLE, '/twice')).toBe('ro,noexec,rw,hidepid=2');
});

it('knows nothing of a folder that is no mount point', () => {
  expect(mountOptionsOf(TABLE, '/pro')).toBeUndefined();
  expect(readProcfsMount('/no/such/folder')).toEqual({ root: '/no/such/folder', isProcfs: false });
});
