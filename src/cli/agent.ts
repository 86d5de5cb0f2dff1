/** `tidemark agent`: records all the time into a ring on disk, and tells a fleet's store what groups of processes use. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { Agent, type AgentOptions } from '../agent/agent.js';
import { answerOf, isOpenPath } from '../agent/answers.js';
import { actionsOfTriggers, type CaptureTriggers, triggersOf } from '../agent/capture-triggers.js';
import type { LabelPair } from '../agent/push/label-pairs.js';
import type { PushKind, PushTarget } from '../agent/push/pusher.js';
import { RingFolderError, ringFileIn } from '../agent/ring-folder.js';
import { type CostReport, measureCost } from '../check/cost-report.js';
import { EngineUnavailableError } from '../engine/choose.js';
import { NetworkServer, type ServerSecrets } from '../http/network-server.js';
import { formatDurationShort } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { formatSize } from '../text/size.js';
import { readConfig } from './agent-config.js';
import { type AgentSettings, agentOptions } from './agent-options.js';
import { readSecrets } from './agent-secrets.js';
import { CommandError, exitCodeOf, reasonOf, UsageError } from './command-error.js';
import { compileLate } from './compile-late.js';
import { endAtOnce } from './end-at-once.js';
import { ExitCode } from './exit-codes.js';
import { warn, writeLines } from './output.js';

type Authorizations = ReturnType<typeof readSecrets>['authorizations'];

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const MAX_HOLD_NS = 500_000;

export function configure(command: Command): void {
  for (const option of agentOptions()) command.addOption(option);
  command
    .option('--config <file>', 'options from a file, a line each: name = value; the command line goes before it')
    .option('--check-config', 'say what is wrong with the options and the file, and start nothing')
    .action((options: { config?: string; checkConfig?: true }) => run(command, options));
}

async function run(command: Command, { config, checkConfig }: { config?: string; checkConfig?: true }): Promise<void> {
  const { settings, secrets, authorizations } = settingsOf(command, config);
  if (checkConfig) {
    await writeLines(['the configuration is fine']);
    return;
  }
  compileLate();
  checkRing(settings);
  tellBudget(settings);
  const stop = new AbortController();
  const end = () => stop.abort();
  for (const signal of SIGNALS) process.once(signal, end);
  await using agent = await start(settings, stop.signal);
  // Else the signal would open Node's debugger.
  process.on('SIGUSR1', () => void agent.captures?.capture('signal', true));
  await using server = await listen(agent, settings, secrets);
  await startPushes(agent, settings, authorizations);
  await writeLines([`${server.origin}/metrics`]);
  warn('agent', `recording at ${agent.recorder.hz} Hz with the ${agent.recorder.engine} engine into ${where(agent)}`);
  try {
    await agent.finished;
  } catch (error) {
    throw new CommandError(escapeTerminal((error as Error).message));
  }
  await server[Symbol.asyncDispose]();
  // A target that is stuck may hold a thread that reads its arguments, and Node would wait for that thread for ever.
  await endAtOnce();
}

/** What the command line and the file say together. Throws all that is wrong with them in one error. */
function settingsOf(command: Command, config: string | undefined) {
  const errors: string[] = [];
  if (config !== undefined) {
    const read = readConfig(readFile(config), command.options);
    errors.push(...read.errors.map((sentence) => `${escapeTerminal(config)}: ${sentence}`));
    for (const [name, value] of read.values) {
      if (command.getOptionValueSource(name) !== 'cli') command.setOptionValueWithSource(name, value, 'config');
    }
  }
  const settings = command.opts<AgentSettings>();
  const { secrets, authorizations, errors: wrong } = readSecrets(settings);
  errors.push(...wrong);
  if (errors.length > 0) throw new UsageError(errors.join('\n'));
  return { settings, secrets, authorizations };
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`--config: cannot read ${escapeTerminal(file)}: ${reasonOf(error)}`, exitCodeOf(error));
  }
}

/** Before anything is measured. */
function checkRing({ ring, size }: AgentSettings): void {
  try {
    ringFileIn(ring);
  } catch (error) {
    throw asCommandError(error, size);
  }
}

/** What the budget gives on this host, before anything is started. */
function tellBudget({ budget, procfs, size, hz }: AgentSettings): void {
  const cost = measureCost(procfs, budget, MAX_HOLD_NS);
  const share = `${Number((budget * 100).toFixed(2))} % of one core`;
  const rate = hz === undefined ? `${cost.hz} sweeps a second` : `${hz} sweeps a second as asked`;
  warn(
    'agent',
    `${share} buys ${rate} of ${cost.processes} processes here, ${deepText(cost)}; the ring is ${formatSize(size)}`,
  );
}

function deepText({ rollupEverySeconds }: CostReport): string {
  if (rollupEverySeconds === null) return 'and no PSS, which may not be read here';
  return `and the PSS of each about every ${formatDurationShort(Math.max(1, Math.round(rollupEverySeconds)) * 1e9)}`;
}

async function start(settings: AgentSettings, signal: AbortSignal): Promise<Agent> {
  const { ring, size, budget, hz, keep, cmdline, group, series, compat, groups, window, host, procfs, engine } =
    settings;
  const onWarning = (sentence: string) => warn('agent', escapeTerminal(sentence));
  const triggers = triggersOf(settings.captureOn);
  try {
    return await Agent.start({
      ...{ folder: ring, by: group, series: compat ?? series, windowNs: window, onWarning },
      ...(groups === undefined ? {} : { mostGroups: groups }),
      ...capturesOf(settings, triggers),
      ...(host === undefined ? {} : { host }),
      record: {
        ...{ sizeBytes: size, budget, procfs, engine, cmdline, hz: hz ?? 'auto', signal },
        ...(keep === undefined ? {} : { keep }),
        ...(triggers.rules.length === 0 ? {} : { actions: actionsOfTriggers(triggers, settings.captureEvery) }),
      },
    });
  } catch (error) {
    throw asCommandError(error, size);
  }
}

/** What each needs nobody else does, so it is loaded here. */
async function startPushes(agent: Agent, settings: AgentSettings, authorizations: Authorizations): Promise<void> {
  const { remoteWrite, otlp, pushEvery, queueSize, host = hostname() } = settings;
  const push = (kind: PushKind, target: PushTarget) => {
    try {
      agent.push(kind, target, pushEvery, queueSize);
    } catch (error) {
      throw new CommandError(`--ring: cannot keep what is to be pushed: ${escapeTerminal(reasonOf(error))}`);
    }
  };
  if (remoteWrite) {
    const { remoteWriteTo } = await import('../agent/push/remote-write.js');
    const constant: LabelPair[] = [
      ['instance', host],
      ['job', 'tidemark'],
    ];
    push('remote-write', remoteWriteTo(remoteWrite, authorizations['remote-write'], constant));
  }
  if (otlp) {
    const { otlpTo } = await import('../agent/push/otlp.js');
    push('otlp', otlpTo(otlp, authorizations.otlp, host));
  }
}

/** Captures are cut by a program of its own: this one. */
function capturesOf(settings: AgentSettings, triggers: CaptureTriggers): Pick<AgentOptions, 'triggers' | 'captures'> {
  const { captureLast, captureEvery, capturesSize, upload } = settings;
  return {
    triggers,
    captures: {
      tidemark: [process.execPath, process.argv[1]!],
      ...{ lastNs: captureLast, everyNs: captureEvery, mostBytes: capturesSize },
      ...(upload === undefined ? {} : { upload: [upload[0]!, ...upload.slice(1)] }),
    },
  };
}

function asCommandError(error: unknown, size: number): unknown {
  if (!(error instanceof Error)) return error;
  const sentence = escapeTerminal(error.message);
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof RingFolderError) return new CommandError(`--ring: ${sentence}`);
  if (error instanceof EngineUnavailableError) return new CommandError(`--engine: ${sentence}`, ExitCode.notPermitted);
  if (code === 'denied') return new CommandError(`--ring: ${sentence}`, ExitCode.notPermitted);
  if (code === 'no-space') {
    return new CommandError(`--ring: ${sentence}; --size ${formatSize(size)} is allocated at the start, ask for less`);
  }
  if (code === 'size-too-small') return new UsageError(`--size: ${sentence}`);
  if (error instanceof TypeError || error instanceof RangeError) return new UsageError(sentence);
  return code === undefined ? error : new CommandError(sentence);
}

async function listen(
  agent: Agent,
  { listen: address }: AgentSettings,
  secrets: ServerSecrets,
): Promise<NetworkServer> {
  try {
    return await NetworkServer.start(address, secrets, isOpenPath, (request) =>
      answerOf(agent, request, secrets.token !== undefined),
    );
  } catch (error) {
    const at = escapeTerminal(`${address.host}:${address.port}`);
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'somebody listens there already' : reasonOf(error);
    throw new CommandError(`--listen: cannot listen on ${at}: ${why}`, exitCodeOf(error));
  }
}

function where(agent: Agent): string {
  return escapeTerminal(agent.recorder.file ?? '');
}
