/** OTLP: what is sent, by another library and the public schema, and an agent that sends it to a collector. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { Family } from '../../src/agent/exposition.js';
import { encodeOtlp } from '../../src/agent/push/otlp-request.js';
import { scratch, until } from '../recorder/workload.js';
import { startAgent } from './agent-process.js';
import { startNamespace } from './namespace.js';
import { type DecodedOtlp, decodeOtlp, pointsOf } from './otlp-request.js';

const folder = scratch();
afterAll(() => folder[Symbol.dispose]());

const family = (name: string, type: Family['type'], ...samples: [labels: string, value: number][]): Family => ({
  ...{ name, type, help: `Help of ${name}` },
  samples: samples.map(([labels, value]) => ({ labels, value })),
});

describe('a request', () => {
  it('has the names of the conventions, each once, with attributes, units and times', () => {
    const families = [
      family(
        'process_group_resident_memory_bytes',
        'gauge',
        ['host="h",group="a\\"b"', 4096],
        ['group="c"', Number.NaN],
      ),
      family('process_group_cpu_user_seconds_total', 'counter', ['group="a"', 1.5]),
      family('process_group_cpu_system_seconds_total', 'counter', ['group="a"', 0.5]),
      family('process_group_minor_page_faults_total', 'counter', ['group="a"', 7]),
      family('process_group_size_bytes', 'histogram', ['group="a",le="1"', 1]),
      family('process_group_processes', 'gauge', ['group="a"', 3]),
      family('host_mem_total_bytes', 'gauge', ['', 2 ** 40]),
      family('tidemark_ticks_total', 'counter', ['', 10]),
      family('tidemark_nothing', 'gauge', ['', Number.NaN]),
    ];
    const origin = { resource: [['host.name', 'web1']], version: '1.2.3', startUnixMs: 1000 } as const;
    const { bytes, samples } = encodeOtlp(families, 1_700_000_000_123, origin);
    const decoded = decodeOtlp(bytes);
    expect(samples).toBe(7);
    expect(decoded).toMatchObject({ resource: { 'host.name': 'web1' }, scope: { name: 'tidemark', version: '1.2.3' } });
    expect(decoded.metrics.map(({ name, unit, sum }) => [name, unit, sum?.isMonotonic ?? false])).toEqual([
      ['process.memory.usage', 'By', false],
      ['process.cpu.time', 's', true],
      ['process.paging.faults', '1', true],
      ['process.group.processes', '1', false],
      ['system.linux.memory.mem_total', 'By', false],
      ['tidemark.ticks', '1', true],
    ]);
    expect(pointsOf(decoded, 'process.memory.usage')).toEqual([[{ 'host.name': 'h', 'process.group': 'a"b' }, 4096]]);
    expect(pointsOf(decoded, 'process.cpu.time')).toEqual([
      [{ 'process.group': 'a', 'cpu.mode': 'user' }, 1.5],
      [{ 'process.group': 'a', 'cpu.mode': 'system' }, 0.5],
    ]);
    expect(pointsOf(decoded, 'process.paging.faults')[0]![0]).toMatchObject({ 'system.paging.fault.type': 'minor' });
    expect(decoded.metrics[1]!.sum).toMatchObject({
      aggregationTemporality: 'CUMULATIVE',
      dataPoints: [{ startTimeUnixNano: '1000000000', timeUnixNano: '1700000000123000000' }, {}],
    });
    expect(decoded.metrics[0]!.gauge!.dataPoints[0]!.startTimeUnixNano).toBeUndefined();
  });
});

describe('a collector', () => {
  it('is sent the sums of statm', { timeout: 60_000 }, async () => {
    await using namespace = await startNamespace([{ name: 'store', count: 2, mib: 8 }]);
    const taken: DecodedOtlp[] = [];
    const headers: Record<string, string | string[] | undefined>[] = [];
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece) => pieces.push(piece));
      request.on('end', () => {
        headers.push({ ...request.headers, url: request.url });
        taken.push(decodeOtlp(gunzipSync(Buffer.concat(pieces))));
        response.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics`;
    await using agent = await startAgent(
      ...['--ring', folder.file('ring'), '--procfs', namespace.root, '--group', 'comm', '--series', 'full'],
      ...['--otlp', url, '--push-every', '1s', '--host', 'web1'],
    );
    await until(() => taken.length >= 2, 'two requests');
    const truth = namespace.resident().get('store');
    const told = pointsOf(taken[1]!, 'process.memory.usage').find(([{ 'process.group': group }]) => group === 'store');
    expect(told?.[1]).toBe(truth);
    expect(headers[0]).toMatchObject({
      url: '/v1/metrics',
      'content-encoding': 'gzip',
      'content-type': 'application/x-protobuf',
    });
    expect(taken[0]!.resource).toMatchObject({ 'service.name': 'tidemark', 'host.name': 'web1' });
    expect(await agent.end()).toBe(0);
    server.closeAllConnections();
    server.close();
  });
});
