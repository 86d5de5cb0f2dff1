/** The agent makes the page of its last minutes for whoever has the token, and goes on recording meanwhile. */
import { readdirSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { get, startAgent } from '../agent/agent-process.js';
import { MIB, scratch, Workload } from '../recorder/workload.js';
import { useBrowser } from './browser.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
const pages = useBrowser();
const TOKEN = 'a-token-of-some-length';
const headers = { Authorization: `Bearer ${TOKEN}` };
const NAME = 'page-of-agent';

it('makes the page of the last minutes, one at a time, and misses no ticks for it', { timeout: 90_000 }, async () => {
  const [ring, tokenFile] = [folder.file('ring'), folder.file('token')];
  writeFileSync(tokenFile, TOKEN, { mode: 0o600 });
  await using agent = await startAgent('--ring', ring, '--token-file', tokenFile, '--hz', '10');
  await using workload = await Workload.start();
  await workload.tell(`name ${Buffer.from(NAME).toString('hex')}`);
  await workload.tell(`map ${300 * MIB}`);
  await pause(2000);
  const ask = (path: string, sent: Record<string, string> = headers) => get(`${agent.origin}${path}`, sent);
  expect((await ask('/report', {})).status).toBe(401);
  for (const last of ['2h', '0s', 'x']) expect((await ask(`/report?last=${last}`)).status).toBe(400);

  const ticks = async () => {
    const text = String((await ask('/metrics')).body);
    const [, made, missed] = /^tidemark_ticks_total (\d+)$[\s\S]*^tidemark_missed_ticks_total (\d+)$/m.exec(text)!;
    return { made: Number(made), missed: Number(missed) };
  };
  const before = await ticks();
  const answers = await Promise.all([ask('/report?last=30s'), ask('/report?last=30s')]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 503]);
  expect(String(answers.find(({ status }) => status === 503)!.body)).toBe(
    'another report is being made: ask again in a moment\n',
  );
  expect(answers.find(({ status }) => status === 200)!.headers['content-type']).toBe('text/html; charset=utf-8');
  await pause(1100);
  const after = await ticks();
  expect(after.made - before.made).toBeGreaterThan(5);
  expect(after.missed - before.missed).toBeLessThanOrEqual(2);

  await pages.look(
    `${agent.origin}/report?last=1m`,
    async (page) => {
      await page.locator('#search').fill(NAME);
      const row = await page.locator('#processes tbody tr').first().allTextContents();
      expect(row.join()).toContain(String(workload.pid));
      expect(row.join()).toMatch(/3\d\d\.\d MiB/);
      expect(await page.title()).toMatch(/-last-1m\.tide/);
    },
    { extraHTTPHeaders: headers },
  );
  expect(readdirSync(`${ring}/captures`)).toEqual([]);
  expect(await agent.end()).toBe(0);
});
