/** OpenMetrics text of a recording whose content is known: backfilled by promtool, and asked of a real Prometheus. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExportRequest } from '../../src/export/export-request.js';
import { exportRecording } from '../../src/export/formats.js';
import { METRICS } from '../../src/schema.js';
import { escapeLabel, escapeTerminal } from '../../src/text/escape.js';
import { SECOND, unixOf } from '../recorder/synthetic.js';
import { scratch } from '../recorder/workload.js';
import { KERNEL_PID, knownRecording, NAMES, pidOf, TICKS, valuesAt } from './known-recording.js';
import { backfill, Prometheus } from './prometheus.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());
const recording = knownRecording();

async function textOf(request: Partial<ExportRequest> = {}): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of exportRecording(recording, { format: 'openmetrics', ...request })) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Names, labels, value and seconds of each line that is a sample, by the grammar of OpenMetrics. */
const SAMPLE = /^([a-zA-Z_:][\w:]*)\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\} (\d+) (\d+\.\d{9})$/;

describe('the text', () => {
  it('has one family for each metric, its points together and in order, and an end', async () => {
    const lines = (await textOf()).split('\n');
    expect(lines.slice(-2)).toEqual(['# EOF', '']);
    const series: string[] = [];
    let family = '';
    let last = ['', 0] as [string, number];
    for (const line of lines.slice(0, -2)) {
      if (line.startsWith('# ')) {
        family = line.split(' ')[2]!;
        continue;
      }
      const [, name, labels, , seconds] = SAMPLE.exec(line) ?? expect.fail(`no sample: ${line}`);
      expect(name!.replace(/_total$/, '')).toBe(family);
      const own = `${name}{${labels}}`;
      if (own !== last[0]) series.push(own);
      else expect(Number(seconds)).toBeGreaterThan(last[1]);
      last = [own, Number(seconds)];
    }
    expect(new Set(series).size).toBe(series.length);
    expect(lines).toContain('# TYPE process_resident_memory_bytes gauge');
    expect(lines).toContain('# UNIT process_resident_memory_bytes bytes');
    expect(lines).toContain('# TYPE process_minor_page_faults counter');
    expect(lines.some((line) => line.startsWith('process_minor_page_faults_total{'))).toBe(true);
    // A kernel thread has times, and no memory.
    expect(series.filter((own) => own.includes(`pid="${KERNEL_PID}"`)).map((own) => own.split('{')[0])).toEqual(
      METRICS.filter(({ name }) => name === 'userTime' || name === 'threads').map(({ prometheus }) => prometheus),
    );
  });

  it('follows range, metrics, pids and interval, and can be none', async () => {
    const text = await textOf({ from: unixOf(5), to: unixOf(24), metrics: ['uss'], pids: [103], every: SECOND / 10n });
    expect(text.split('\n').filter((line) => !line.startsWith('#'))).toEqual([
      ...[14].map((tick) => expect.stringMatching(new RegExp(`pid="103".* 0 ${Number(unixOf(tick) / SECOND)}\\.`))),
      '',
    ]);
    expect(await textOf({ from: unixOf(5000) })).toBe('# EOF\n');
  });
});

describe('a backfill', () => {
  let prometheus: Prometheus;
  beforeAll(async () => {
    const file = folder.file('metrics.txt');
    writeFileSync(file, await textOf());
    backfill(file, folder.path);
    prometheus = await Prometheus.over(folder.path);
  });
  afterAll(() => prometheus?.[Symbol.asyncDispose]());

  const end = Number(unixOf(TICKS + 20) / SECOND);
  const secondsOf = (step: number) => Number(unixOf(step < 20 ? step : step + 2) / 1_000_000n) / 1000;

  it('has every value at its time, to the byte', async () => {
    const answers = await prometheus.points('process_resident_memory_bytes', end, 60);
    expect(answers).toHaveLength(NAMES.length);
    for (const name of NAMES.keys()) {
      const { values } = answers.find(({ metric }) => metric.pid === String(pidOf(name)))!;
      expect(values).toEqual(
        Array.from({ length: TICKS }, (_, step) => [secondsOf(step), String(valuesAt(name, step).rss)]),
      );
    }
    const [faults] = await prometheus.points('process_minor_page_faults_total{pid="103"}', end, 60);
    expect(faults!.values.at(-1)).toEqual([secondsOf(29), String(valuesAt(3, 29).minorFaults)]);
  });

  it('has no point where nothing was measured', async () => {
    const answers = await prometheus.points('process_pss_bytes', end, 60);
    expect(answers.map(({ metric }) => metric.pid).sort()).toEqual(['100', '103']);
    expect(answers[0]!.values).toEqual([4, 14, 24].map((tick) => [secondsOf(tick), String(tick * 1024)]));
  });

  it('has names as they are shown on a terminal, whatever they are', async () => {
    const answers = await prometheus.points('process_threads{pid!="2"}', end, 60);
    const names = new Map(answers.map(({ metric }) => [Number(metric.pid), metric]));
    for (const [name, bytes] of NAMES.entries()) {
      // A label without a value is no label.
      expect(names.get(pidOf(name))!.comm ?? '').toBe(escapeTerminal(bytes));
      expect(names.get(pidOf(name))).toMatchObject({ host: 'h', boot_id: 'boot-of-h', start_ticks: `${200 + name}` });
    }
    const quoted = escapeLabel(NAMES[2]!);
    expect(await prometheus.points(`process_threads{comm="${quoted}"}`, end, 60)).toHaveLength(1);
  });
});
