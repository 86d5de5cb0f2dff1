/**
 * What the agent answers at which path.
 *
 * The trap: recordings tell far more than metrics, so they are for those with a token only, and where there is none there is no
 * such path.
 */
import type { NetworkReply, NetworkRequest } from '../http/network-server.js';
import { parseDuration } from '../text/duration.js';
import { type Agent, WINDOW_NS } from './agent.js';
import { type AskedFiles, BusyError } from './asked-files.js';
import { CONTENT_TYPES, formatFor } from './exposition.js';
import { OvertimeError } from './run-behind.js';

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const RECORDING = 'application/octet-stream';
const SHAPE = 1;
const LONGEST_CUT_NS = 24n * 3600n * 1_000_000_000n;
const LONGEST_REPORT_NS = 3600n * 1_000_000_000n;

/** Whether a path tells nothing that a stranger may not know: whether we live. */
export function isOpenPath(path: string): boolean {
  return path === '/-/healthy' || path === '/-/ready';
}

/**
 * `/metrics`, with `?window=15s` for whoever scrapes more or less often than others; `/-/healthy` while it records; `/-/ready`
 * once there is something to tell. With a token also `/captures`, `/captures/NAME`, POST `/capture`,
 * `/ring.tide?last=10m` and `/report?last=10m`.
 */
export async function answerOf(
  agent: Agent,
  { method, path: asked, query, accept }: NetworkRequest,
  hasToken: boolean,
): Promise<NetworkReply | undefined> {
  if (method === 'POST') return hasToken && asked === '/capture' ? captureNow(agent) : text(405, 'no such thing');
  switch (asked) {
    case '/metrics':
      return metricsOf(agent, query.get('window') ?? undefined, accept);
    case '/-/healthy':
      return stateOf(agent.isRecording, 'recording', 'the recording has ended');
    case '/-/ready':
      return stateOf(agent.isReady, 'ready', 'not ready');
    case '/':
      return text(200, 'tidemark agent: /metrics, /-/healthy, /-/ready');
    default:
      return hasToken ? recordingAt(agent, asked, query) : undefined;
  }
}

async function recordingAt(agent: Agent, asked: string, query: URLSearchParams): Promise<NetworkReply | undefined> {
  const { captures, asked: files } = agent;
  if (!captures || !files) return undefined;
  if (asked === '/captures') {
    const body = `${JSON.stringify({ version: SHAPE, captures: captures.list() })}\n`;
    return { status: 200, type: 'application/json', body };
  }
  if (asked === '/ring.tide') {
    const lastNs = durationOf(query.get('last') ?? '10m', LONGEST_CUT_NS);
    return lastNs === null ? text(400, 'last: a duration up to 24h, such as 10m') : cutNow(files, lastNs);
  }
  if (asked === '/report') {
    const lastNs = durationOf(query.get('last') ?? '10m', LONGEST_REPORT_NS);
    return lastNs === null ? text(400, 'last: a duration up to 1h, such as 10m') : reportNow(files, lastNs);
  }
  const name = /^\/captures\/([\w.-]+)$/.exec(asked)?.[1];
  const file = name === undefined ? undefined : captures.fileOf(name);
  return file === undefined ? undefined : { status: 200, type: RECORDING, body: { file } };
}

async function captureNow({ captures }: Agent): Promise<NetworkReply> {
  if (!captures) return text(404, 'no captures are kept');
  const name = await captures.capture('asked', true);
  return name === undefined ? text(503, 'no capture could be made now') : text(201, `/captures/${name}`);
}

async function cutNow(files: AskedFiles, lastNs: bigint): Promise<NetworkReply> {
  try {
    return { status: 200, type: RECORDING, body: { file: await files.cut(lastNs), isPassing: true } };
  } catch {
    return text(503, 'the ring could not be cut now');
  }
}

async function reportNow(files: AskedFiles, lastNs: bigint): Promise<NetworkReply> {
  try {
    return { status: 200, type: HTML, body: { file: await files.report(lastNs), isPassing: true } };
  } catch (error) {
    if (error instanceof BusyError) return text(503, 'another report is being made: ask again in a moment');
    if (error instanceof OvertimeError)
      return text(503, 'the report takes too long here: ask for less, such as last=1m');
    return text(503, 'no report could be made now');
  }
}

function metricsOf(agent: Agent, window: string | undefined, accept: string | undefined): NetworkReply {
  const format = formatFor(accept);
  const windowNs = window === undefined ? undefined : durationOf(window, WINDOW_NS.most);
  if (windowNs === null) return text(400, 'window: 1s to 120s in whole seconds');
  return { status: 200, type: CONTENT_TYPES[format], body: agent.metrics(format, windowNs) };
}

/** In whole seconds, so that there are few answers to keep; null for what cannot be. */
function durationOf(words: string, mostNs: bigint): bigint | null {
  try {
    const ns = parseDuration(words);
    return ns >= WINDOW_NS.least && ns <= mostNs && ns % 1_000_000_000n === 0n ? ns : null;
  } catch {
    return null;
  }
}

function stateOf(isSo: boolean, yes: string, no: string): NetworkReply {
  return text(isSo ? 200 : 503, isSo ? yes : no);
}

function text(status: number, body: string): NetworkReply {
  return { status, type: TEXT, body: `${body}\n` };
}
