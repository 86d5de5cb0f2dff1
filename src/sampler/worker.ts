/** Entry of the worker thread that samples: see serve.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import type { SamplerConfig } from './config.js';
import type { ToSampler } from './protocol.js';
import { serveSampler } from './serve.js';

const port = parentPort!;
await serveSampler(workerData as SamplerConfig, {
  send: (message) => port.postMessage(message),
  onMessage: (listener) => {
    port.on('message', (message) => listener(message as ToSampler));
  },
});
port.close();
