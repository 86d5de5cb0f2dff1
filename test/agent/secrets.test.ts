/** Tokens and passwords are in no log, no command line, no environment and no file, whatever a store answers. */

import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { scratch, until } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { get, startAgent } from './agent-process.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
const [TOKEN, BEARER, PASSWORD] = ['own-token-7f3a9c51e0', 'bearer-2b8d64f0a7', 'pass word-91ce5d03'];
const SENT = Buffer.from(`name:${PASSWORD}`).toString('base64');
const SECRETS = [TOKEN, BEARER, PASSWORD, SENT];
const secretFile = (name: string, text: string) => {
  writeFileSync(folder.file(name), `${text}\n`, { mode: 0o600 });
  return folder.file(name);
};

/** A store that refuses everything, and says with which credentials. */
async function startEcho(): Promise<{ readonly url: string; readonly asked: string[] } & AsyncDisposable> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const given = request.headers.authorization ?? '';
    asked.push(given);
    const plain = Buffer.from(given.replace('Basic ', ''), 'base64');
    request
      .resume()
      .on('end', () => response.writeHead(401).end(`${'x'.repeat(150)} bad credentials ${given} ${plain}`));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Command line and environment of a process and of all below it. */
function wordsOf(pid: number): string {
  try {
    const below = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean);
    const own = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'latin1'));
    return [...own, ...below.map((child) => wordsOf(Number(child)))].join('\n');
  } catch {
    return '';
  }
}

describe('credentials', () => {
  it('are told to nobody but those they are for', { timeout: 60_000 }, async () => {
    await using echo = await startEcho();
    const ring = folder.file('ring');
    const config = folder.file('agent.conf');
    writeFileSync(config, `ring = ${ring}\nlisten = 127.0.0.1:0\ntoken-file = ${secretFile('own', TOKEN)}\n`);
    await using agent = await startAgent(
      ...['--config', config, '--push-every', '1s', '--capture-last', '1m', '--cmdline', 'full'],
      ...['--remote-write', echo.url, '--remote-write-token', secretFile('bearer', BEARER)],
      ...['--otlp', echo.url, '--otlp-token', secretFile('basic', `name:${PASSWORD}`)],
    );
    const ask = (where: string, options = {}) =>
      get(`${agent.origin}${where}`, { Authorization: `Bearer ${TOKEN}` }, options);
    const seen: string[] = [];
    const look = setInterval(() => seen.push(wordsOf(agent.child.pid!)), 20);
    await until(() => echo.asked.includes(`Bearer ${BEARER}`) && echo.asked.includes(`Basic ${SENT}`), 'both pushes');
    // Programs of their own cut, and make the page.
    const answers = await Promise.all([
      ...[ask('/capture', { method: 'POST' }), ask('/metrics'), ask('/captures'), ask('/x')],
      get(`${agent.origin}/metrics`, { Authorization: `Bearer ${TOKEN.slice(0, -1)}` }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 404, 401]);
    await until(() => agent.stderr().split('bad credentials').length > 1, 'what the stores say to be told');
    expect(await agent.end()).toBe(0);
    clearInterval(look);

    expect(seen.some((words) => words.includes('cut'))).toBe(true);
    const files = readdirSync(ring, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThanOrEqual(2);
    const places = {
      ...{ log: agent.stderr(), words: seen.join('\n'), answers: answers.map(({ body }) => String(body)).join('\n') },
      files: files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1')).join('\n'),
    };
    for (const [place, text] of Object.entries(places)) {
      expect(
        SECRETS.filter((secret) => text.includes(secret)),
        place,
      ).toEqual([]);
    }
    for (const entry of files) expect(statSync(path.join(entry.parentPath, entry.name)).mode & 0o077).toBe(0);
  });

  it('in an address are refused, and not repeated', async () => {
    const config = folder.file('address.conf');
    writeFileSync(config, `ring = ${folder.file('none')}\nremote-write = https://name:${BEARER}@store.example/api\n`);
    const { code, stderr } = await runTidemark(['agent', '--config', config, '--check-config']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('line 2: remote-write: "https://...@store.example"')]);
    expect(stderr).not.toContain(BEARER);
  });
});
