/** `tidemark view`: who is answered, and that the page follows a recording whose writer never waits for it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRecording } from '../../src/recording/recording.js';
import { startTidemark } from '../recorder/command.js';
import { scratch, startSleep, until } from '../recorder/workload.js';
import { MAIN, runTidemark } from '../tidemark-process.js';
import { useBrowser } from './browser.js';
import { writeStory } from './story.js';

const MOST_MS = 60_000;
const folder = scratch();
const story = folder.file('story.tide');
const pages = useBrowser();

beforeAll(() => writeStory(story));

afterAll(() => folder[Symbol.dispose]());

interface View extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly url: string;
  /** Ends it; resolves with its exit code. */
  end(): Promise<number | null>;
}

async function startView(words: readonly string[]): Promise<View> {
  const child = spawn(process.execPath, [MAIN, 'view', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close') as Promise<[number | null]>;
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  await until(() => stdout.includes('\n') || child.exitCode !== null, 'the address', MOST_MS);
  if (!stdout.includes('\n')) throw new Error(`view ended: ${stderr}`);
  const end = async () => {
    child.kill('SIGINT');
    const [code] = await closed;
    return code;
  };
  return {
    child,
    url: stdout.trim(),
    end,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** Status and length of an answer. */
function ask(url: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    request(url, options, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    })
      .on('error', reject)
      .end();
  });
}

// A browser and a recorder beside each other take their time on a host that has other work.
describe('view', { timeout: 90_000 }, () => {
  it('answers on 127.0.0.1 whoever knows the token, and tells others nothing', async () => {
    await using view = await startView([story]);
    const url = new URL(view.url);
    expect(url.hostname).toBe('127.0.0.1');
    expect(url.pathname).toMatch(/^\/[\w-]{32}\/$/);
    expect(await ask(view.url)).toBe(200);
    expect(await ask(`${url.origin}/`)).toBe(404);
    expect(await ask(`${url.origin}/${'a'.repeat(32)}/`)).toBe(404);
    expect(await ask(`${view.url}etc/passwd`)).toBe(404);
    expect(await ask(view.url, { method: 'POST' })).toBe(405);
    // A name of somebody else's that leads here.
    expect(await ask(view.url, { headers: { host: `evil.example:${url.port}` } })).toBe(403);
    await pages.look(view.url, async (page) => {
      await page.getByText('The recording has ended.').waitFor();
      expect(await page.locator('h1').textContent()).toBe('story.tide');
    });
    expect(await view.end()).toBe(0);
  });

  it('follows a recording that is being written', async () => {
    const sleep = startSleep();
    const file = folder.file('growing.tide');
    const recording = startTidemark(['record', '--pid', `${sleep.pid}`, '--hz', '20', '-o', file], folder.path);
    await until(() => recording.stderr().includes('recording'), 'the recording', MOST_MS);
    await using view = await startView([file]);
    const { page, said, asked } = await pages.open(view.url);
    await page.getByText('Following the recording.').waitFor();
    const versionOf = () => page.evaluate(() => Number(document.documentElement.dataset.version));
    const version = await versionOf();
    const length = await page.locator('#timeline .shown').textContent();
    await page.waitForFunction((before) => Number(document.documentElement.dataset.version) > before, version);
    await page.waitForFunction((before) => document.querySelector('#timeline .shown')?.textContent !== before, length);
    recording.child.kill('SIGINT');
    await recording.ended;
    await page.getByText('The recording has ended.').waitFor();
    expect({ said, asked }).toEqual({ said: [], asked: [] });
    await page.close();
    sleep.kill('SIGKILL');
  });

  it('records by itself with --live, and a reader that stalls keeps neither it nor another reader', async () => {
    const sleep = startSleep();
    await using view = await startView(['--live', '-p', `${sleep.pid}`, '--hz', '50']);
    const url = new URL(view.url);
    // They ask and never read.
    const stalled = Array.from({ length: 4 }, () => {
      const socket = connect(Number(url.port), '127.0.0.1');
      socket.pause();
      socket.on('error', () => {});
      socket.write(`GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`.repeat(5));
      return socket;
    });
    const { page, said } = await pages.open(view.url);
    await page.waitForFunction(() => Number(document.documentElement.dataset.version) >= 2);
    await page.locator('#processes tbody a', { hasText: `(${sleep.pid})` }).waitFor();
    expect(said).toEqual([]);
    for (const socket of stalled) socket.destroy();
    await page.close();
    expect(await view.end()).toBe(0);
    sleep.kill('SIGKILL');
  });

  it('keeps no recorder waiting when it stands still itself', async () => {
    const sleep = startSleep();
    const file = folder.file('unhindered.tide');
    const recording = startTidemark(['record', '--pid', `${sleep.pid}`, '--hz', '50', '-o', file], folder.path);
    await until(() => recording.stderr().includes('recording'), 'the recording', MOST_MS);
    await using view = await startView([file]);
    expect(await ask(view.url)).toBe(200);
    view.child.kill('SIGSTOP');
    const ticksNow = () => {
      using opened = openRecording(file);
      return opened.summary().ticks.recorded;
    };
    const before = ticksNow();
    await until(() => ticksNow() >= before + 20, 'twenty ticks', MOST_MS);
    view.child.kill('SIGCONT');
    recording.child.kill('SIGINT');
    await recording.ended;
    sleep.kill('SIGKILL');
  });

  it('refuses what does not go together, and a port that is taken', async () => {
    expect(await runTidemark(['view'])).toMatchObject({
      code: 2,
      stderr: 'tidemark view: Expected either a recording or --live\n',
    });
    expect(await runTidemark(['view', story, '--live'])).toMatchObject({ code: 2 });
    expect(await runTidemark(['view', story, '-p', '1'])).toMatchObject({ code: 2 });
    expect(await runTidemark(['view', story, '--port', '70000'])).toMatchObject({ code: 2 });
    await using view = await startView([story]);
    const { port } = new URL(view.url);
    const taken = await runTidemark(['view', story, '--port', port]);
    expect(taken.code).toBe(1);
    expect(taken.stderr).toMatch(new RegExp(`^tidemark view: --port: cannot listen on 127\\.0\\.0\\.1:${port}: `));
  });
});
