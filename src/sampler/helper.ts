/**
 * Entry of the helper process that samples: see serve.ts.
 *
 * The trap: its parent may die without a word. Then the line breaks, and the recording is ended in order.
 */
import type { SamplerConfig } from './config.js';
import type { ToSampler } from './protocol.js';
import { serveSampler } from './serve.js';

// A terminal sends its signals to the whole group: when to stop is the parent's decision.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

process.once('message', async (config) => {
  await serveSampler(config as SamplerConfig, {
    send: (message) => {
      // The line may break between the question and the message; the callback takes the error.
      if (process.connected) process.send!(message, () => {});
    },
    onMessage: (listener) => {
      process.on('message', (message) => listener(message as ToSampler));
      process.once('disconnect', () => listener({ type: 'stop' }));
    },
  });
  if (process.connected) process.disconnect();
});
