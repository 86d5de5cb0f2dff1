/**
 * Entry of the helper process that samples: see serve.ts.
 *
 * The traps: its parent may die without a word: then the line breaks, and the recording is ended in order. And Node may wait
 * for ever at its end (end-process.ts): it is not asked, once the last message is on its way.
 */
import { endingWay, endProcess } from '../engine/end-process.js';
import type { SamplerConfig } from './config.js';
import type { ToSampler } from './protocol.js';
import { serveSampler } from './serve.js';

// A terminal sends its signals to the whole group: when to stop is the parent's decision.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

process.once('message', async (config) => {
  let sent = Promise.resolve();
  await serveSampler(config as SamplerConfig, {
    send: (message) => {
      // The line may break between the question and the message; the callback takes the error.
      if (process.connected) sent = new Promise((resolve) => process.send!(message, () => resolve()));
    },
    onMessage: (listener) => {
      process.on('message', (message) => listener(message as ToSampler));
      process.once('disconnect', () => listener({ type: 'stop' }));
    },
  });
  await sent;
  const way = endingWay();
  if (way) endProcess(way, 0);
  if (process.connected) process.disconnect();
});
