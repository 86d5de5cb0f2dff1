/**
 * Entry of the helper process that samples: see serve.ts.
 *
 * The traps: its parent may die without a word: then the line breaks, and the recording is ended in order. And Node may wait
 * for ever at its end (end-process.ts): it is not asked, once the last message is on its way.
 */
import { Socket } from 'node:net';
import { endingWay, endProcess } from '../engine/end-process.js';
import { LINE_DESCRIPTOR } from '../engine/start-process.js';
import type { SamplerConfig } from './config.js';
import { hearLines, sendLine } from './json-line.js';
import type { ToSampler } from './protocol.js';
import { serveSampler } from './serve.js';

// A terminal sends its signals to the whole group: when to stop is the parent's decision.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const line = new Socket({ fd: LINE_DESCRIPTOR, readable: true, writable: true });
let isBegun = false;
let listener: (message: ToSampler) => void = () => {};

hearLines(
  line,
  (message) => {
    if (isBegun) listener(message as ToSampler);
    else void begin(message as SamplerConfig);
    isBegun = true;
  },
  () => listener({ type: 'stop' }),
);

async function begin(config: SamplerConfig): Promise<void> {
  let sent = Promise.resolve();
  await serveSampler(config, {
    send: (message) => {
      sent = sendLine(line, message);
    },
    onMessage: (hear) => {
      listener = hear;
    },
  });
  await sent;
  const way = endingWay();
  if (way) endProcess(way, 0);
  line.destroy();
}
