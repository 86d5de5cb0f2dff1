/** What the agent answers at which path. */
import type { NetworkReply, NetworkRequest } from '../http/network-server.js';
import { parseDuration } from '../text/duration.js';
import { type Agent, WINDOW_NS } from './agent.js';
import { CONTENT_TYPES, formatFor } from './exposition.js';

const TEXT = 'text/plain; charset=utf-8';

/** Whether a path tells nothing that a stranger may not know: whether we live. */
export function isOpenPath(path: string): boolean {
  return path === '/-/healthy' || path === '/-/ready';
}

/**
 * `/metrics`, with `?window=15s` for whoever scrapes more or less often than others; `/-/healthy` while it records; `/-/ready`
 * once there is something to tell.
 */
export function answerOf(agent: Agent, { path, query, accept }: NetworkRequest): NetworkReply | undefined {
  switch (path) {
    case '/metrics':
      return metricsOf(agent, query.get('window') ?? undefined, accept);
    case '/-/healthy':
      return stateOf(agent.isRecording, 'recording', 'the recording has ended');
    case '/-/ready':
      return stateOf(agent.isReady, 'ready', 'not ready');
    case '/':
      return { status: 200, type: TEXT, body: 'tidemark agent: /metrics, /-/healthy, /-/ready\n' };
    default:
      return undefined;
  }
}

function metricsOf(agent: Agent, window: string | undefined, accept: string | undefined): NetworkReply {
  const format = formatFor(accept);
  const windowNs = window === undefined ? undefined : windowOf(window);
  if (windowNs === null) return { status: 400, type: TEXT, body: 'window: 1s to 120s in whole seconds\n' };
  return { status: 200, type: CONTENT_TYPES[format], body: agent.metrics(format, windowNs) };
}

/** In whole seconds, so that there are few answers to keep; null for what cannot be. */
function windowOf(text: string): bigint | null {
  try {
    const ns = parseDuration(text);
    return ns >= WINDOW_NS.least && ns <= WINDOW_NS.most && ns % 1_000_000_000n === 0n ? ns : null;
  } catch {
    return null;
  }
}

function stateOf(isSo: boolean, yes: string, no: string): NetworkReply {
  return { status: isSo ? 200 : 503, type: TEXT, body: `${isSo ? yes : no}\n` };
}
