/**
 * What a stranger puts where a program looks without being told to: a configuration in the folder that one happens to be in
 * (the lesson of CVE-2018-1122), and a server at a port of this machine (that of CVE-2025-31160).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCommand } from '../recorder/command.js';
import { scratch } from '../recorder/workload.js';
import { MAIN } from '../tidemark-process.js';

// Notes what is opened or asked for below a folder, and every connection; by the name that is given, so a link hides nothing.
const HOOK = `
const fs = require('node:fs');
const path = require('node:path');
const { appendFileSync } = fs;
const note = (what) => appendFileSync(process.env.NOTES, what + '\\n');
for (const name of ['openSync', 'open', 'readFileSync', 'readFile', 'statSync', 'lstatSync', 'existsSync', 'readdirSync', 'accessSync']) {
  const real = fs[name];
  fs[name] = function (file, ...rest) {
    const text = typeof file === 'string' ? path.resolve(file) : '';
    if (text.startsWith(process.env.WATCHED)) note(name + ' ' + text);
    return real.call(this, file, ...rest);
  };
}
const net = require('node:net');
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...rest) {
  note('connect');
  return connect.apply(this, rest);
};
const dgram = require('node:dgram');
const { send } = dgram.Socket.prototype;
dgram.Socket.prototype.send = function (...rest) {
  note('send');
  return send.apply(this, rest);
};
require('node:module').syncBuiltinESMExports();
`;

let folder: ReturnType<typeof scratch>;
let place: string;
beforeAll(() => {
  folder = scratch();
  place = folder.file('place');
  for (const below of ['place', 'place/.config', 'place/.config/procps', 'place/.tidemark'])
    mkdirSync(folder.file(below));
  const names = [
    '.toprc',
    '.psrc',
    '.pmaprc',
    '.config/procps/toprc',
    'tidemark.conf',
    '.tidemarkrc',
    '.tidemark/config',
  ];
  for (const name of names) writeFileSync(path.join(place, name), 'pids=stdin\u0000\xff\n'.repeat(100));
  writeFileSync(folder.file('hook.cjs'), HOOK);
});
afterAll(() => folder[Symbol.dispose]());

/** Runs a program of Node's in the folder with the planted files; gives what it did there. */
async function notesOf(
  words: readonly string[],
  home: string | undefined,
): Promise<{ code: number | null; notes: string }> {
  const notes = folder.file(`notes-${Math.random()}`);
  const settings = [`NODE_OPTIONS=--require ${folder.file('hook.cjs')}`, `NOTES=${notes}`, `WATCHED=${place}`];
  const cleared = ['-u', 'HOME', '-u', 'XDG_CONFIG_HOME', '-u', 'XDG_RUNTIME_DIR', '-u', 'XDG_STATE_HOME'];
  const env = [...cleared, ...(home === undefined ? [] : [`HOME=${home}`]), ...settings];
  const { code } = await startCommand('env', [...env, process.execPath, ...words], place).ended;
  return { code, notes: existsSync(notes) ? readFileSync(notes, 'utf8') : '' };
}

describe('a command in a folder of a stranger, without a home', () => {
  it('is seen by the hook when it reads or connects', async () => {
    const script = "fs.readFileSync('.toprc'); net.connect(9).on('error', () => {})";
    expect((await notesOf(['-e', script], undefined)).notes).toMatch(
      /^readFileSync .*place\/\.toprc\n(?:.*\n)*connect\n$/,
    );
  });

  const out = () => folder.file(`${Math.random()}.tide`);
  it.concurrent.each([
    [['ps', 'aux']],
    [['top', '-b', '-n', '1', '-p', String(process.pid)]],
    [['pmap', '-X', String(process.pid)]],
    [['segments', String(process.pid)]],
    [['host']],
    [['doctor']],
    [['record', '--pid', String(process.pid), '--rollup', '10', '--for', '300ms', '--size', '4M', '-o', 'OUT']],
  ])('%j reads nothing there and connects to nobody', async (pattern) => {
    for (const home of [undefined, '']) {
      const words = [MAIN, ...pattern.map((word) => (word === 'OUT' ? out() : word))];
      expect(await notesOf(words, home)).toEqual({ code: 0, notes: '' });
    }
  });

  it('pmap -c without a home says so, and with an empty one does not look here', async () => {
    const words = [MAIN, 'pmap', '-c', String(process.pid)];
    const without = await notesOf(words, undefined);
    expect(without).toEqual({ code: expect.any(Number), notes: '' });
    expect(without.code).not.toBe(0);
    expect((await notesOf(words, '')).notes).toBe('');
  });
});

it('the addons cannot connect: they ask the C library for nothing that does', () => {
  const release = fileURLToPath(new URL('../../build/Release/', import.meta.url));
  const addons = readdirSync(release).filter((name) => name.endsWith('.node'));
  expect(addons).toContain('tidemark.node');
  const needs = (file: string) => execFileSync('nm', ['-D', '--undefined-only', file], { encoding: 'utf8' });
  const NETWORK = /^\s+U (?:socket|connect|bind|listen|accept4?|getaddrinfo|send(?:to|msg)?)@/m;
  // Node itself does.
  expect(needs(process.execPath)).toMatch(NETWORK);
  for (const name of addons) expect(needs(release + name)).not.toMatch(NETWORK);
});
