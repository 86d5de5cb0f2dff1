/** `tidemark agent`: records all the time into a ring on disk, and tells a fleet's store what groups of processes use. */
import type { Command } from 'commander';
import { Agent } from '../agent/agent.js';
import { RingFolderError, ringFileIn } from '../agent/ring-folder.js';
import { type CostReport, measureCost } from '../check/cost-report.js';
import { EngineUnavailableError } from '../engine/choose.js';
import { formatDurationShort } from '../text/duration.js';
import { escapeTerminal } from '../text/escape.js';
import { formatSize } from '../text/size.js';
import { type AgentSettings, agentOptions } from './agent-options.js';
import { capturingOf, tellingOf } from './agent-parts.js';
import { pushPlans } from './agent-pushes.js';
import { Reload } from './agent-reload.js';
import { AgentServer } from './agent-server.js';
import { type AgentSetUp, readSetUp } from './agent-settings.js';
import { CommandError, reasonOf, UsageError } from './command-error.js';
import { compileLate } from './compile-late.js';
import { endAtOnce } from './end-at-once.js';
import { ExitCode } from './exit-codes.js';
import { useLittleMemory } from './little-memory.js';
import { warn, writeLines } from './output.js';

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
  const setUp = readSetUp(command, config);
  if (checkConfig) {
    await writeLines(['the configuration is fine']);
    return;
  }
  await serve(setUp, () => readSetUp(command, config), config !== undefined);
  // A target that is stuck may hold a thread that reads its arguments, and Node would wait for that thread for ever.
  await endAtOnce();
}

/** Until a signal ends it; when it resolves, all is closed, and the answer to a push that was under way has been waited for. */
async function serve(setUp: AgentSetUp, readAgain: () => AgentSetUp, isOfFile: boolean): Promise<void> {
  const { settings, secrets } = setUp;
  compileLate();
  useLittleMemory();
  checkRing(settings);
  tellBudget(settings);
  const stop = new AbortController();
  const end = () => stop.abort();
  for (const signal of SIGNALS) process.once(signal, end);
  let reload: Reload | undefined;
  let isEarly = false;
  // From here on, since the signal would end us; one that comes too soon is obeyed when all is there.
  process.on('SIGHUP', () => {
    isEarly = true;
    void reload?.again();
  });
  await using agent = await start(settings, stop.signal);
  // Else the signal would open Node's debugger.
  process.on('SIGUSR1', () => void agent.captures?.capture('signal', true));
  await using server = await AgentServer.start(agent, settings.listen, secrets);
  try {
    await agent.pushTo(pushPlans(setUp));
  } catch (error) {
    throw new CommandError(`--ring: cannot keep what is to be pushed: ${escapeTerminal(reasonOf(error))}`);
  }
  if (isOfFile) agent.reloaded(true);
  reload = new Reload(agent, server, setUp, readAgain, tell);
  if (isEarly) void reload.again();
  await writeLines([`${server.origin}/metrics`]);
  warn('agent', `recording at ${agent.recorder.hz} Hz with the ${agent.recorder.engine} engine into ${where(agent)}`);
  try {
    await agent.finished;
  } catch (error) {
    throw new CommandError(escapeTerminal((error as Error).message));
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
  const { ring, size, budget, hz, keep, cmdline, procfs, engine } = settings;
  const onWarning = (sentence: string) => tell(escapeTerminal(sentence));
  try {
    return await Agent.start({
      ...{ folder: ring, onWarning, capturing: capturingOf(settings) },
      ...tellingOf(settings),
      record: {
        ...{ sizeBytes: size, budget, procfs, engine, cmdline, hz: hz ?? 'auto', signal },
        ...(keep === undefined ? {} : { keep }),
      },
    });
  } catch (error) {
    throw asCommandError(error, size);
  }
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

function where(agent: Agent): string {
  return escapeTerminal(agent.recorder.file ?? '');
}

function tell(sentence: string): void {
  warn('agent', sentence);
}
