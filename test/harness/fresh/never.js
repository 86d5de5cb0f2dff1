/** A script that runs its bench only when it is told to, which nobody does in a fresh process. */
import { withMemory } from 'tidemark/tinybench';
import { Bench } from 'tinybench';

const bench = withMemory(new Bench({ iterations: 1, time: 0 }), { isolate: new URL(process.argv[2], import.meta.url) });
bench.add('task', () => 1);
console.log(
  await bench.run().then(
    () => 'ran',
    ({ name, code, message }) => JSON.stringify({ name, code, message }),
  ),
);
