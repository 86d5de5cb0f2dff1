/**
 * A load ladder: how the memory of a server grows with the number of its clients, a span for each rung.
 *
 *     node bench/examples/load-ladder.js              # prints a table
 *     node bench/examples/load-ladder.js ladder.tide  # and keeps the recording: tidemark report ladder.tide
 *
 * The server has a process of its own, so nothing of the clients or of the recorder is in its figures.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { startRecording } from 'tidemark';

const CLIENTS = [1, 4, 16, 64];
const RUNG_MS = 600;
const MIB = 2 ** 20;

const server = fork(fileURLToPath(new URL('./session-server.js', import.meta.url)));
const [port] = await once(server, 'message');

/** Each client asks again as soon as it is answered. Returns the number of answers. */
async function load(clients) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
  const until = performance.now() + RUNG_MS;
  let answers = 0;
  const client = async () => {
    while (performance.now() < until) {
      const request = http.get({ port, host: '127.0.0.1', agent });
      const [response] = await once(request, 'response');
      for await (const _ of response);
      answers++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  agent.destroy();
  return answers;
}

// Where `await using` is known it does what the last line does.
const recorder = await startRecording({ target: { pids: [server.pid] }, hz: 100, budget: 0.05 });
try {
  const rows = [];
  for (const clients of CLIENTS) {
    const { value: answers, memory } = await recorder.span(`${clients} clients`, () => load(clients));
    const mib = (reading) => ('value' in reading ? (reading.value / MIB).toFixed(1) : reading.reason);
    const { rss, pss } = memory;
    rows.push({
      clients,
      answers,
      'RSS before': mib(rss.before),
      'RSS mean': mib(rss.mean),
      'RSS peak': mib(rss.peak),
      'PSS after': mib(pss.after),
      'minor faults': memory.faults.minor,
      samples: memory.samples,
    });
  }
  console.table(rows);
  const [, , file] = process.argv;
  if (file !== undefined) recorder.save(file);
} finally {
  await recorder[Symbol.asyncDispose]();
  server.kill();
}
