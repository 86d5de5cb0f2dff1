/** OTLP over HTTP with protobuf, as something to push to. */
import { gzipSync } from 'node:zlib';
import { readVersion } from '../../text/package.js';
import type { Family } from '../exposition.js';
import type { LabelPair } from './label-pairs.js';
import { encodeOtlp } from './otlp-request.js';
import { Poster } from './post.js';
import type { PushTarget } from './pusher.js';

/** `host`: what the host is called. */
export function otlpTo(url: URL, authorization: string | undefined, host: string): PushTarget {
  const version = readVersion();
  const resource: LabelPair[] = [
    ['service.name', 'tidemark'],
    ['service.version', version],
    ['host.name', host],
  ];
  const startUnixMs = Date.now() - process.uptime() * 1000;
  const headers = {
    'Content-Type': 'application/x-protobuf',
    'Content-Encoding': 'gzip',
    'User-Agent': `tidemark/${version}`,
  };
  return {
    poster: new Poster(url, headers, authorization),
    encode: (families: readonly Family[], unixMs: number) => {
      const { bytes, samples } = encodeOtlp(families, unixMs, { resource, version, startUnixMs });
      return { body: gzipSync(bytes), samples };
    },
  };
}
