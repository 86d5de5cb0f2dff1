/** Remote write of Prometheus, version 1, as something to push to. */
import { compress } from 'snappyjs';
import { readVersion } from '../../text/package.js';
import type { Family } from '../exposition.js';
import type { LabelPair } from './label-pairs.js';
import { Poster } from './post.js';
import type { PushTarget } from './pusher.js';
import { WriteRequests } from './write-request.js';

/** Types and helps go along with every so many requests. */
const METADATA_EVERY = 40;

export function remoteWriteTo(url: URL, authorization: string | undefined, constant: readonly LabelPair[]): PushTarget {
  const requests = new WriteRequests(constant);
  let count = 0;
  const headers = {
    'Content-Type': 'application/x-protobuf',
    'Content-Encoding': 'snappy',
    'X-Prometheus-Remote-Write-Version': '0.1.0',
    'User-Agent': `tidemark/${readVersion()}`,
  };
  return {
    poster: new Poster(url, headers, authorization),
    encode: (families: readonly Family[], unixMs: number) => {
      const { bytes, samples } = requests.encode(families, unixMs, count++ % METADATA_EVERY === 0);
      return { body: compress(bytes), samples };
    },
  };
}
