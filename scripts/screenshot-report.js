/**
 * Makes docs/report.png: records a real workload, some of the tests of this repository, makes its page and takes
 * a picture of it in Debian's chromium.
 *
 * The trap: a picture that was made by hand shows a page that no longer is. So it is made by `npm run screenshot`, after a
 * build, of what the build makes.
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
const tide = path.join(folder, 'tests.tide');
const html = path.join(folder, 'report.html');

try {
  await record();
  const main = path.join(root, 'dist/cli/main.js');
  const { status } = spawnSync(process.execPath, [main, 'report', tide, '-o', html], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`report ended with code ${status}`);
  await takePicture(path.join(root, 'docs/report.png'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function record() {
  const workload = spawn('sh', ['-c', 'sleep 0.3; npx vitest run src/ring src/procfs src/analyze; true'], {
    cwd: root,
    stdio: 'ignore',
  });
  const ended = once(workload, 'exit');
  const recorder = await startRecording({
    target: { tree: workload.pid },
    file: tide,
    hz: 50,
    rollup: 5,
    mappings: 2,
    maxHoldMs: 1000,
    budget: 0.2,
    cmdline: 'exe',
  });
  recorder.mark('tests begin');
  await ended;
  await recorder.stop();
}

async function takePicture(file) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width: 1100, height: 1500 }, timezoneId: 'UTC' });
  await page.goto(pathToFileURL(html).href);
  await page.locator('#processes tbody a').first().click();
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
