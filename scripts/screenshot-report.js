/**
 * Makes docs/report.png: records processes that are planted for it, makes the page and takes a picture of it in Debian's
 * chromium.
 *
 * The traps: a picture that was made by hand shows a page that no longer is. So it is made by `npm run screenshot`, after a
 * build, of what the build makes. And a picture of whatever ran here would show how busy the machine was.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { startRecording } from '../dist/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-picture-'));
const tide = path.join(folder, 'shop.tide');
/** When the import begins, by the clock of the planted processes. */
const IMPORT_MS = 8500;
const MOST_TRIES = 5;
const html = path.join(folder, 'report.html');

try {
  // A busy machine makes gaps, which would be all that the picture shows.
  for (let tries = 1; (await record()) > 0; tries++) {
    if (tries === MOST_TRIES) throw new Error('ticks were missed each time: the machine is too busy for a picture');
    rmSync(tide);
  }
  const main = path.join(root, 'dist/cli/main.js');
  const { status } = spawnSync(process.execPath, [main, 'report', tide, '-o', html], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`report ended with code ${status}`);
  await takePicture(path.join(root, 'docs/report.png'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Returns how many ticks were missed. */
async function record() {
  const workload = spawn('python3', [path.join(root, 'scripts/planted-tree.py')], {
    stdio: 'ignore',
    detached: true,
  });
  const ended = once(workload, 'exit');
  const recorder = await startRecording({
    target: { tree: workload.pid },
    file: tide,
    hz: 10,
    rollup: 2,
    mappings: 1,
    maxHoldMs: 1000,
    budget: 0.2,
    cmdline: 'none',
    sizeBytes: 32 * 2 ** 20,
    durationMs: 24_000,
  });
  setTimeout(() => recorder.mark('import begins'), IMPORT_MS).unref();
  await recorder.finished;
  process.kill(-workload.pid, 'SIGKILL');
  await ended;
  return recorder.recording().summary().ticks.missed;
}

async function takePicture(file) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 1100, height: 1500 }, timezoneId: 'UTC' });
  await page.goto(pathToFileURL(html).href);
  await page.locator('#processes tbody a', { hasText: 'api-server' }).click();
  await page.locator('#process h3.name').waitFor();
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  await page.locator('#space-compare').check();
  // Down to the drawing of the address space; the list below it has the paths of whoever runs this.
  const height = await page.evaluate(
    'document.querySelector("#process .space > .legend").getBoundingClientRect().bottom + scrollY',
  );
  await page.screenshot({ path: file, fullPage: true, clip: { x: 0, y: 0, width: 1100, height: Math.ceil(height) } });
  await browser.close();
}
