/**
 * report: how long the page of a recording of many points takes to make, in how much memory, how large it is, how soon it
 * can be used in a browser, and how long a zoom takes there.
 *
 * The trap: a browser draws at the next frame, so a zoom is timed until that frame is drawn, from the key to the picture.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { packageRoot } from '../src/text/package.js';
import type { Bench, BenchContext } from './bench-context.js';
import type { Target } from './finding.js';
import { writeMovingRecording } from './moving-recording.js';

const MIB = 2 ** 20;
const ROUNDS = 3;
const ZOOMS = ['+', '+', 'ArrowRight', '+', '-', 'ArrowLeft', '+', '+', '-', '0'];
const CHROMIUM = '/usr/bin/chromium';
const atMost = (value: number): Target => ({ relation: '<=', value, of: 'ours' });

interface Case {
  readonly points: number;
  readonly name: string;
  readonly targets: Partial<Record<'seconds' | 'memory' | 'size' | 'ready' | 'zoom', Target>>;
}

const CASES: readonly Case[] = [
  { points: 5e6, name: '5 million points', targets: { size: atMost(3) } },
  {
    points: 5e7,
    name: '50 million points',
    targets: { seconds: atMost(10), memory: atMost(300), size: atMost(8), ready: atMost(1000), zoom: atMost(50) },
  },
];

export const report: Bench = {
  name: 'report',
  summary: 'the page of a recording: time and memory to make it, its size, and how soon a browser has drawn it',
  needsZoo: false,
  async run(context) {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bench-'));
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.once('exit', remove);
    try {
      for (const each of CASES) await measure(context, each, folder);
    } finally {
      process.off('exit', remove);
      remove();
    }
  },
};

async function measure({ quick, report: tell, note }: BenchContext, { points, name, targets }: Case, folder: string) {
  const file = path.join(folder, `${points}.tide`);
  const html = `${file}.html`;
  const ticks = writeMovingRecording(file, quick ? points / 50 : points);
  const on = `${name}${quick ? ' / 50' : ''}: 2000 processes, ${ticks} ticks, one in ten moves at each`;
  const line = (what: string, unit: string, samples: readonly number[], target?: Target) =>
    tell({
      what,
      on,
      unit,
      times: `${samples.length} times`,
      ours: { name: 'report', samples },
      ...(target ? { target } : {}),
    });
  const made: { seconds: number; mib: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) made.push(await make(file, html));
  line(
    'time to make the page',
    's',
    made.map(({ seconds }) => seconds),
    targets.seconds,
  );
  line(
    'most resident memory while it is made',
    'MiB',
    made.map(({ mib }) => mib),
    targets.memory,
  );
  line('size of the page', 'MiB', [statSync(html).size / MIB], targets.size);
  if (!existsSync(CHROMIUM)) {
    note('the browser was not measured: there is no chromium (Debian: chromium)');
    return;
  }
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const ready: number[] = [];
    const zooms: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
      await page.goto(pathToFileURL(html).href);
      ready.push(await drawnAfter(page));
      await page.locator('#processes tbody a').first().click();
      await page.locator('#process h3.name').waitFor();
      for (const key of ZOOMS) zooms.push(await zoom(page, key));
      await page.close();
    }
    line('until the page is drawn and answers', 'ms', ready, targets.ready);
    line('a zoom, from the key to the picture, with a process opened', 'ms', zooms, targets.zoom);
  } finally {
    await browser.close();
  }
}

/** Runs the command; how long it took and what it had resident at most, from `VmHWM` at its end. */
async function make(file: string, html: string): Promise<{ seconds: number; mib: number }> {
  const atExit =
    'import fs from "node:fs"; process.on("exit", () => fs.writeSync(3, fs.readFileSync("/proc/self/status", "latin1")));';
  const main = path.join(packageRoot(), 'dist/cli/main.js');
  const words = [
    '--import',
    `data:text/javascript,${encodeURIComponent(atExit)}`,
    main,
    'report',
    file,
    '-o',
    html,
    '--force',
  ];
  const before = performance.now();
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  let status = '';
  child.stdio[3]!.on('data', (chunk) => {
    status += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`report ended with code ${code}`);
  return { seconds: (performance.now() - before) / 1000, mib: Number(/VmHWM:\s*(\d+)/.exec(status)![1]) / 1024 };
}

/** Milliseconds from the begin of the navigation. */
async function drawnAfter(page: Page): Promise<number> {
  const read = 'performance.getEntriesByName("drawn")[0]?.startTime ?? 0';
  await page.waitForFunction(`${read} > 0`);
  return (await page.evaluate(read)) as number;
}

function zoom(page: Page, key: string): Promise<number> {
  return page.evaluate(`new Promise((resolve) => {
    const before = performance.now();
    document.querySelector('#timeline .pictures').dispatchEvent(new KeyboardEvent('keydown', { key: ${JSON.stringify(key)}, bubbles: true }));
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now() - before);
      port2.postMessage(0);
    });
  })`) as Promise<number>;
}
