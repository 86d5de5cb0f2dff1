/** `growth` of a recording: a planted leak is found with its rate and its mapping, and what is steady is not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runTidemark } from '../tidemark-process.js';

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-growth-'));
const file = path.join(folder, 'leak.tide');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MIB = 2 ** 20;
/** 1 MiB about every 20 ms, each touched, beside 40 MiB that stay; the second process only waits. */
const LEAK = `
import subprocess, time
waits = subprocess.Popen(['sleep', '2.5'])
stays = bytearray(40 << 20)
held = []
began = time.monotonic()
while time.monotonic() - began < 2.2:
    held.append(b'x' * (1 << 20))
    time.sleep(0.02)
waits.wait()
print(len(held), flush=True)
`;
let leakedMib = 0;

beforeAll(async () => {
  const { code, stdout } = await runTidemark(['run', '-q', '-o', file, '--', '/usr/bin/python3', '-c', LEAK]);
  expect(code).toBe(0);
  leakedMib = Number(stdout);
});

interface Row {
  readonly comm: string;
  readonly mapping?: { readonly mappingClass: string };
  readonly verdict: string;
  readonly bytesPerSecond: number;
  readonly low: number;
  readonly high: number;
}

const rowsOf = async (...options: string[]) => {
  const { code, stdout } = await runTidemark(['growth', file, '--json', ...options]);
  expect(code).toBe(0);
  return JSON.parse(stdout).rows as Row[];
};

it('finds the process that grows, by how much, and the memory that does', async () => {
  const rows = await rowsOf();
  const [leak] = rows;
  expect(leak).toMatchObject({ comm: 'python3', verdict: 'grows' });
  expect(leak!.mapping).toBeUndefined();
  const rate = (leakedMib * MIB) / 2.2;
  expect(leak!.bytesPerSecond).toBeGreaterThan(rate * 0.6);
  expect(leak!.bytesPerSecond).toBeLessThan(rate * 1.5);
  expect(leak!.low).toBeLessThanOrEqual(leak!.bytesPerSecond);
  expect(leak!.high).toBeGreaterThanOrEqual(leak!.bytesPerSecond);
  expect(rows.find(({ comm, mapping }) => comm === 'sleep' && !mapping)).toMatchObject({ verdict: 'steady' });
  const grown = rows.filter(({ mapping }) => mapping);
  expect(grown[0]).toMatchObject({ comm: 'python3', mapping: { mappingClass: 'anon' } });
});

it('prints it as a table', async () => {
  const { stdout, code } = await runTidemark(['growth', file]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^ *\d+ +python3 +[\d.]+ MiB +[\d.]+ MiB +\+[\d.]+ GiB +\+[\d.]+ GiB \.\. \+[\d.]+ GiB +grows$/m,
  );
  expect(stdout).toMatch(/^ *\d+ +python3 +\[anon\] +anon /m);
});

it('refuses what is no time and no file', async () => {
  expect((await runTidemark(['growth', file, '--from', 'nowhere'])).code).toBe(2);
  expect((await runTidemark(['growth', path.join(folder, 'none.tide')])).code).toBe(1);
});
