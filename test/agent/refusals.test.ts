/** Whom the agent does not answer, and what it does not start with. */
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { openRecording } from '../../src/recording/recording.js';
import { runOnSmallDisk } from '../recorder/command.js';
import { scratch } from '../recorder/workload.js';
import { runTidemark } from '../tidemark-process.js';
import { get, startAgent, startAgentBy } from './agent-process.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/agent/${name}`, import.meta.url));
const [CERT, KEY] = [fixture('localhost.crt'), fixture('localhost.key')];
const TOKEN = 'a-token-of-some-length';
const tokenFile = folder.file('token');
writeFileSync(tokenFile, `${TOKEN}\n`, { mode: 0o600 });

const refused = (...words: string[]) => runTidemark(['agent', '--listen', '127.0.0.1:0', ...words]);

describe('without a token', () => {
  it('answers those who name this machine, and says whether it lives', async () => {
    await using agent = await startAgent('--ring', folder.file('plain'));
    const status = async (path: string, options = {}, headers = {}) =>
      (await get(`${agent.origin}${path}`, headers, options)).status;
    expect(await Promise.all(['/metrics', '/-/healthy', '/-/ready', '/', '/x'].map((path) => status(path)))).toEqual([
      ...[200, 200, 200, 200, 404],
    ]);
    expect(await status('/metrics', {}, { Host: 'evil.example' })).toBe(403);
    expect(await status('/metrics', { method: 'POST' })).toBe(405);
    expect(await status('/metrics?window=1x')).toBe(400);
    expect(await status('/metrics?window=15s')).toBe(200);
    expect(agent.stderr()).toMatch(/1 % of one core buys \d+(\.\d+)? sweeps a second of \d+ processes here/);
    expect(await agent.end()).toBe(0);
    using recording = openRecording(folder.file('plain/ring.tide'));
    expect(recording.summary().ticks.recorded).toBeGreaterThan(0);
  });
});

describe('for a network', () => {
  it('needs TLS and a token', async () => {
    const words = ['agent', '--ring', folder.file('network'), '--listen', '0.0.0.0:0'];
    const { code, stderr } = await runTidemark(words);
    expect(code).toBe(2);
    expect(stderr).toContain('others than this machine could ask at 0.0.0.0; that needs --token-file, --tls-cert and');
    expect(existsSync(folder.file('network'))).toBe(false);
    await using agent = await startAgent(
      ...['--ring', folder.file('network'), '--listen', '0.0.0.0:0'],
      ...['--token-file', tokenFile, '--tls-cert', CERT, '--tls-key', KEY],
    );
    const at = agent.origin.replace('0.0.0.0', '127.0.0.1');
    expect(at).toMatch(/^https:/);
    const status = async (authorization?: string, path = '/metrics') =>
      (await get(`${at}${path}`, authorization === undefined ? {} : { Authorization: authorization })).status;
    const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
    expect(await status()).toBe(401);
    expect(await status(`Bearer ${TOKEN}`)).toBe(200);
    expect(await status(`Bearer ${TOKEN}x`)).toBe(401);
    expect(await status(basic(`prometheus:${TOKEN}`))).toBe(200);
    expect(await status(basic(TOKEN))).toBe(401);
    expect(await status(undefined, '/-/ready')).toBe(200);
    expect(agent.stderr()).not.toContain(TOKEN);
  });

  it('wants a token that is one', async () => {
    const [open, short] = [folder.file('open'), folder.file('short')];
    writeFileSync(open, TOKEN, { mode: 0o644 });
    writeFileSync(short, 'short', { mode: 0o600 });
    for (const [file, why] of [
      [open, 'can be read by everybody'],
      [short, 'fewer than 16 characters'],
      [folder.file('none'), 'no such file'],
    ] as const) {
      const { code, stderr } = await refused('--ring', folder.file('r'), '--token-file', file);
      expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
    }
  });
});

describe('a configuration', () => {
  it('is told all that is wrong with it, and starts nothing', async () => {
    const file = folder.file('agent.conf');
    writeFileSync(file, 'ring = /nowhere/at/all\nsise = 5\nlisten = 0.0.0.0\ntls-key = /none\n');
    const { code, stderr } = await runTidemark(['agent', '--config', file, '--check-config']);
    expect(code).toBe(2);
    expect(stderr).toContain(`${file}: line 2: there is no setting "sise"`);
    expect(stderr).toContain(`${file}: line 3: listen: "0.0.0.0" is not an address`);
    expect(stderr).toContain('--tls-cert and --tls-key: give both or none');
  });

  it('is taken, with the command line before it', async () => {
    const file = folder.file('good.conf');
    writeFileSync(file, `ring = ${folder.file('configured')}\ngroup = comm\nhost = from-file\nbudget = 2%\n`);
    const { code, stdout } = await runTidemark(['agent', '--config', file, '--check-config']);
    expect([code, stdout]).toEqual([0, 'the configuration is fine\n']);
    await using agent = await startAgent('--config', file, '--host', 'from-line');
    const text = (await get(`${agent.origin}/metrics`)).body.toString();
    expect(text).toContain('tidemark_budget_ratio{host="from-line"} 0.02\n');
  });
});

describe('a ring', () => {
  it.each([
    ['is a link', 'is a symbolic link'],
    ['is a file', 'is no folder'],
    ['is open to others', 'others can write to it'],
    ['has a link in it', 'no regular file'],
  ])('that %s is refused', async (name, why) => {
    const path = folder.file(name);
    if (name === 'is a link') symlinkSync(folder.path, path);
    else if (name === 'is a file') writeFileSync(path, '');
    else mkdirSync(path);
    if (name === 'is open to others') chmodSync(path, 0o777);
    if (name === 'has a link in it') symlinkSync('/x', `${path}/ring.tide`);
    const { code, stderr } = await refused('--ring', path);
    expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
  });

  it('of somebody else is refused', async () => {
    const path = folder.file('of-nobody');
    mkdirSync(path, { mode: 0o700 });
    // Without the right to give a folder away there is one that is not ours already.
    const isRoot = process.geteuid!() === 0;
    if (isRoot) chownSync(path, 65534, 65534);
    const { code, stderr } = await refused('--ring', isRoot ? path : '/usr');
    expect([code, stderr]).toEqual([1, expect.stringContaining('belongs to user')]);
  });

  it('that may not be written to is refused', async () => {
    const path = folder.file('read-only');
    mkdirSync(path, { mode: 0o500 });
    chmodSync(folder.path, 0o755);
    // Root may write anywhere, so it becomes somebody else first.
    const isRoot = process.geteuid!() === 0;
    if (isRoot) chownSync(path, 65534, 65534);
    const prefix = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all'] : [];
    const started = startAgentBy(prefix, '--ring', path);
    await expect(started).rejects.toThrow(/ring\.tide.*(?:permission denied|may not|not permitted)/is);
    expect(readdirSync(path)).toEqual([]);
  });

  it('below a folder that is not there is refused', async () => {
    const { code, stderr } = await refused('--ring', folder.file('not/there'));
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no folder')]);
  });

  it('on a full disk is refused, and leaves nothing', async () => {
    const small = folder.file('small');
    mkdirSync(small);
    const { code, stderr, stdout } = await runOnSmallDisk(
      'tidemark agent --listen 127.0.0.1:0 --ring r --size 8M',
      small,
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining('no space left on the device')]);
    expect(stdout).not.toContain('ring.tide');
  });

  it('is gone on with, and one that cannot be is put aside', async () => {
    const ring = folder.file('again');
    for (let start = 0; start < 2; start++) {
      await using agent = await startAgent('--ring', ring);
      expect(await agent.end()).toBe(0);
      expect(agent.stderr()).not.toContain('Cannot go on');
    }
    {
      using recording = openRecording(`${ring}/ring.tide`);
      expect(recording.events().filter(({ event }) => event.type === 'resume')).toHaveLength(1);
    }
    writeFileSync(`${ring}/ring.tide`, 'nothing');
    await using agent = await startAgent('--ring', ring);
    expect(agent.stderr()).toContain(`it is ${ring}/previous.tide now, and a new one is begun`);
    expect(existsSync(`${ring}/previous.tide`)).toBe(true);
  });
});
