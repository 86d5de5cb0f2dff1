/** The options of `tidemark agent`: what may stand on the command line and in its file. */
import { homedir } from 'node:os';
import path from 'node:path';
import { Option } from 'commander';
import { WINDOW_NS } from '../agent/agent.js';
import { type GroupBy, parseGroupBy } from '../agent/group-by.js';
import type { ListenAddress } from '../http/network-server.js';
import { CMDLINE_MODES, type CmdlineMode } from '../recording/format.js';
import { formatKeep, parseKeep } from '../recording/keep.js';
import { MAX_RING_BYTES, MIN_RING_BYTES } from '../sampler/record-options.js';
import { formatDurationShort } from '../text/duration.js';
import { InputError } from '../text/input-error.js';
import { formatSize, parseSize } from '../text/size.js';
import { parseBudget } from './budget-option.js';
import { captureOptions } from './capture-options.js';
import { oneOf, parseCount, parseHz, parsePositiveDuration } from './option-values.js';
import { procfsOption, type SweepingEngineOption, sweepingEngineOption, valueOption } from './options.js';

export interface AgentSettings extends SweepingEngineOption {
  listen: ListenAddress;
  ring: string;
  size: number;
  budget: number;
  hz?: number;
  keep?: string;
  cmdline: CmdlineMode;
  group: GroupBy;
  series: 'small' | 'full';
  compat?: 'namedprocess';
  groups?: number;
  window: bigint;
  tokenFile?: string;
  tlsCert?: string;
  tlsKey?: string;
  host?: string;
  procfs: string;
  remoteWrite?: URL;
  remoteWriteToken?: string;
  otlp?: URL;
  otlpToken?: string;
  pushEvery: bigint;
  queueSize: number;
  captureOn: string[];
  captureLast: bigint;
  captureEvery: bigint;
  capturesSize: number;
  upload?: string[];
}

const DEFAULT_LISTEN = '127.0.0.1:9485';
const DEFAULT_SIZE = '256M';
const MOST_GROUPS = 1000;

/** All but `--config` and `--check-config`. */
export function agentOptions(): Option[] {
  return [
    valueOption(
      '--listen <address>',
      'where metrics are told: HOST:PORT, :PORT for every address',
      parseListen,
    ).default(parseListen(DEFAULT_LISTEN), DEFAULT_LISTEN),
    new Option('--ring <dir>', 'folder of the ring, of our own').default(defaultRing()),
    valueOption('--size <size>', 'bytes of the ring', parseRingSize).default(parseSize(DEFAULT_SIZE), DEFAULT_SIZE),
    valueOption('--budget <share>', 'CPU time that the agent may take, of one core', parseBudget).default(0.01, '1%'),
    valueOption('--hz <rate>', 'sweeps per second (default: what half of the budget pays for at the time)', parseHz),
    valueOption('--keep <ladder>', 'what the ring keeps for how long: full:6h,1s:3d,1m:30d', (text) =>
      formatKeep(parseKeep(text)),
    ),
    valueOption(
      '--cmdline <what>',
      `what of command lines the ring keeps: ${CMDLINE_MODES.join(', ')}`,
      oneOf('what to store', CMDLINE_MODES),
    ).default('exe'),
    valueOption(
      '--group <how>',
      'what series are of: container, unit, comm, exe, cgroup, or a pattern such as exe:^/opt/([^/]+)/',
      parseGroupBy,
    ).default(parseGroupBy('container'), 'container, else unit, else comm'),
    valueOption(
      '--series <set>',
      'small: at most 150 series of this host; full: more of each group',
      oneOf('a set of series', ['small', 'full'] as const),
    ).default('small'),
    valueOption(
      '--compat <exporter>',
      'series by the names of another exporter: namedprocess',
      oneOf('an exporter', ['namedprocess'] as const),
    ),
    valueOption('--groups <n>', 'most groups with series of their own (default: 20, with full 200)', (text) =>
      parseCount(text, 0, MOST_GROUPS),
    ),
    valueOption(
      '--window <time>',
      'how far back maxima reach, at least as far as scrapes are apart',
      parseWindow,
    ).default(60_000_000_000n, '60s'),
    new Option('--token-file <file>', 'a token that whoever asks must have'),
    new Option('--tls-cert <file>', 'certificate, PEM'),
    new Option('--tls-key <file>', 'its key, PEM'),
    valueOption('--remote-write <url>', 'push to a store that speaks remote write of Prometheus', parseUrl),
    new Option('--remote-write-token <file>', 'a token for that store, or NAME:PASSWORD, in a file'),
    valueOption('--otlp <url>', 'push to a collector of OpenTelemetry: http://HOST:4318/v1/metrics', parseUrl),
    new Option('--otlp-token <file>', 'a token for that collector, or NAME:PASSWORD, in a file'),
    valueOption('--push-every <time>', 'how often', parsePushEvery).default(15_000_000_000n, '15s'),
    valueOption(
      '--queue-size <size>',
      'most bytes that wait on disk while the store cannot be reached',
      parseSize,
    ).default(parseSize('64M'), '64M'),
    ...captureOptions(),
    valueOption('--host <label>', 'a label "host" of every series', parseLabel),
    sweepingEngineOption(),
    procfsOption(),
  ];
}

function defaultRing(): string {
  // What a unit of systemd has by StateDirectory=; its user may have any home.
  const ofUnit = process.env.STATE_DIRECTORY?.split(':')[0];
  if (ofUnit) return ofUnit;
  if (process.geteuid!() === 0) return '/var/lib/tidemark';
  return path.join(process.env.XDG_STATE_HOME ?? path.join(homedir(), '.local/state'), 'tidemark');
}

/** `127.0.0.1:9485`, `[::1]:9485`, `:9485`, `name:9485`. */
export function parseListen(text: string): ListenAddress {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]*)):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3] ?? Number.NaN);
  if (port <= 65_535) return { host: found![1] ?? found![2]!, port };
  throw new InputError(text, 'an address', 'HOST:PORT, [ADDRESS]:PORT or :PORT, such as 127.0.0.1:9485');
}

/** What a scraper or an operator says of how far back maxima reach. */
export function parseWindow(text: string): bigint {
  const ns = parsePositiveDuration(text);
  const { least, most } = WINDOW_NS;
  if (ns >= least && ns <= most) return ns;
  const allowed = `${formatDurationShort(Number(least))} to ${formatDurationShort(Number(most))}, such as 60s`;
  throw new InputError(text, 'a window', allowed);
}

function parsePushEvery(text: string): bigint {
  const ns = parsePositiveDuration(text);
  if (ns >= 1_000_000_000n && ns <= 3_600_000_000_000n) return ns;
  throw new InputError(text, 'a time between pushes', '1s to 1h, such as 15s');
}

/** What stands in a URL is in the list of processes, so nothing secret may. */
function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  const shown = url && (url.username || url.password) ? `${url.protocol}//...@${url.host}` : text;
  throw new InputError(shown, 'an address', 'http://HOST or https://HOST with a path, and without a name or password');
}

function parseRingSize(text: string): number {
  const bytes = parseSize(text);
  if (bytes >= MIN_RING_BYTES && bytes <= MAX_RING_BYTES) return bytes;
  throw new InputError(text, 'the size of a ring', `${formatSize(MIN_RING_BYTES)} to ${formatSize(MAX_RING_BYTES)}`);
}

function parseLabel(text: string): string {
  if (text !== '' && text.length <= 200) return text;
  throw new InputError(text, 'a label', '1 to 200 characters');
}
