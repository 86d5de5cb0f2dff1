/**
 * A recorder that takes the time of each of its writes: `node timed-writer.js CONFIG`, JSON with `file`, `sizeBytes`, `hz`,
 * `durationMs` and `pids`; prints how many there were, and which took longest.
 */
import { RingWriter } from '../../dist/ring/ring-writer.js';
import { planRecording } from '../../dist/sampler/record-options.js';
import { serveSampler } from '../../dist/sampler/serve.js';

const { file, sizeBytes, hz, durationMs, pids } = JSON.parse(process.argv[2]);
const times = [];
/** The longest, in words: what was written, as the how many-th, and whether it began a block. */
let longest = { ms: 0 };

for (const method of ['appendColumns', 'appendRecord']) {
  const append = RingWriter.prototype[method];
  RingWriter.prototype[method] = function (...words) {
    const blocks = this.stats[words[0]].blocks;
    const from = process.hrtime.bigint();
    const result = append.apply(this, words);
    const ms = Number(process.hrtime.bigint() - from) / 1e6;
    times.push(ms);
    if (ms > longest.ms) {
      const beginsBlock = this.stats[words[0]].blocks !== blocks;
      longest = { ms, ring: this.rings[words[0]].name, write: times.length, beginsBlock };
    }
    return result;
  };
}

const plan = planRecording({ file, sizeBytes, hz, durationMs, target: { pids }, sampler: 'worker', trim: false });
const storage = { kind: 'file', path: file, sizeBytes: plan.sizeBytes, trim: false, resume: false };
await serveSampler(
  { ...plan.config, storage },
  {
    send: (message) => {
      if (message.type === 'failed') throw new Error(message.failure.message);
    },
    onMessage: () => {},
  },
);
times.sort((a, b) => a - b);
const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
console.log(JSON.stringify({ writes: times.length, p999Ms: at(0.999), longestMs: at(1), longest }));
