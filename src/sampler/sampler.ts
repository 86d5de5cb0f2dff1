/**
 * The loop: waits for a deadline, looks for new processes, sweeps the counters, stores the frame, and spends what is left
 * of the tick on deep reads.
 *
 * The traps: a process that has gone is stored with that status once before its slot is free; whatever was attempted and not
 * stored is counted.
 */
import { readClocks } from '../engine/clocks.js';
import type { Engine } from '../engine/engine.js';
import { TierColumns } from '../engine/tier-columns.js';
import { readPidMax } from '../procfs/pid-max.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import type { V8Record } from '../recording/v8-log.js';
import { COUNTER_COLUMNS, Status } from '../schema.js';
import { BesideTicks } from './beside-ticks.js';
import { Budget } from './budget.js';
import { BudgetLog } from './budget-log.js';
import { Census } from './census.js';
import { ClockPace } from './clock-pace.js';
import { CommandLines } from './command-lines.js';
import type { SamplerConfig } from './config.js';
import { DeepCpu } from './deep-cpu.js';
import { DeepReads } from './deep-reads.js';
import { deferred } from './deferred.js';
import type { KeepOff } from './keep-off.js';
import { narrowTo } from './kernel-selection.js';
import { LifeLog } from './life-log.js';
import { OwnCost } from './own-cost.js';
import { PeakBudget } from './peak-budget.js';
import { ProcessTable } from './process-table.js';
import { type EndReason, progressOf, type SamplerProgress } from './progress.js';
import { RatePace } from './rate-pace.js';
import { type Firing, RuleWatch, type WatchedRule } from './rule-watch.js';
import { Schedule } from './schedule.js';
import { StatPace } from './stat-pace.js';
import { endsWhenEmpty, isOpenEnded, missingOf, Selector } from './target.js';
import { TickWait } from './tick-wait.js';
import { Urgency } from './urgency.js';

/** Of the columns: more would be memory that is never used. */
const GROWTH = 1.25;

export class Sampler {
  readonly #config: SamplerConfig;
  readonly #engine: Engine;
  readonly #writer: RecordingWriter;
  readonly #table: ProcessTable;
  readonly #census: Census;
  readonly #deep: DeepReads;
  readonly #budget: Budget;
  readonly #deepCpu: DeepCpu;
  readonly #commands: CommandLines;
  readonly #cost: OwnCost;
  readonly #statPace: StatPace;
  /** Only where the rate was left to the budget. */
  readonly #ratePace: RatePace | undefined;
  readonly #budgetLog: BudgetLog;
  readonly #lives: LifeLog;
  readonly #peaks: PeakBudget;
  readonly #urgency: Urgency;
  readonly #beside: BesideTicks;
  #rules: RuleWatch | undefined;
  #counters = new TierColumns(COUNTER_COLUMNS, 1016);
  readonly #wait: TickWait;
  #ticks = 0;
  #schedule: Schedule | undefined;
  readonly #clockPace = new ClockPace();
  readonly #firstFrame = deferred<void>();
  readonly started = this.#firstFrame.promise;

  constructor(
    config: SamplerConfig,
    engine: Engine,
    writer: RecordingWriter,
    maxSlots: number,
    keepOff?: KeepOff,
    private readonly fire: (firings: readonly Firing[]) => void = () => {},
  ) {
    this.#config = config;
    this.#engine = engine;
    this.#writer = writer;
    this.#cost = new OwnCost(config.ownCost, () => engine.readerCpuNs());
    this.#deepCpu = new DeepCpu(engine);
    this.#statPace = new StatPace(1e9 / config.hz);
    this.#ratePace = config.isRateChosen ? new RatePace(config.budget, config.hz, config.leastHz) : undefined;
    const spent = () => ({ cpuNs: this.#cost.cpuNs(), deepNs: this.#deepCpu.ns });
    this.#budgetLog = new BudgetLog(config.budget, writer, spent, () => this.#ratePace?.hz ?? config.hz);
    this.#table = new ProcessTable(maxSlots);
    this.#budget = new Budget(config.budget);
    this.#deep = new DeepReads(config, engine, writer, this.#table, this.#budget);
    this.#lives = new LifeLog(config, engine, writer, this.#table, (slot) => this.#commands.look(slot));
    this.#commands = new CommandLines(config, engine, writer, this.#table, this.#lives);
    const { target, root } = config;
    const triesNew = target.kind === 'descendants' || target.kind === 'tree';
    const isCertain = narrowTo(target, engine);
    this.#census = new Census(
      engine,
      this.#table,
      new Selector(target, root, config.ownCost === 'process' ? process.pid : 0, isCertain),
      writer,
      isOpenEnded(target),
      (slot) => this.#arrived(slot),
      triesNew ? undefined : () => this.#lives.lastBegun(),
      triesNew ? { root, pidMax: readPidMax(root) } : undefined,
      () => this.#lives.isHeard,
    );
    this.#wait = new TickWait(engine.lives ? () => this.#lives.drain() : undefined);
    this.#urgency = new Urgency(config.hz, undefined, undefined, keepOff);
    this.#peaks = new PeakBudget(config.hz, engine.peaks, engine.name, writer);
    this.#beside = new BesideTicks(config, this.#table, engine, writer);
    if (config.rules.length > 0) this.watch(config.rules);
  }

  /** Finds the processes of the target. Returns how many there are now. */
  begin(): number {
    // Listening comes first: whoever begins while the others are being found is heard of.
    this.#lives.open();
    // Behind it, since it may take long: the census rests for as many times as its own work took.
    const nowNs = process.hrtime.bigint();
    this.#census.look(nowNs);
    this.#lives.begin(nowNs);
    this.#peaks.begin(nowNs);
    this.#beside.begin(nowNs);
    const why = this.#ratePace ? 'as some sweeps before the first tick had it' : 'as asked for';
    this.#budgetLog.changed(nowNs, why);
    return this.#table.count;
  }

  /** The pids that were asked for and not found by `begin`, and by reason how many it could not take in although they are there. */
  notTaken(): { readonly missing: number[]; readonly unread: ReadonlyMap<string, number> } {
    return { missing: missingOf(this.#config.target, this.#table), unread: this.#census.failing };
  }

  /** Records until `stop`, the end of the time, or the last process of a closed target. Resolves to the reason. */
  async run(): Promise<EndReason> {
    const schedule = new Schedule(process.hrtime.bigint(), this.#config.hz);
    this.#urgency.begin(schedule.originNs);
    this.#schedule = schedule;
    // From here on: else what the first tick spends would be nobody's.
    this.#budget.spent(Number(schedule.originNs), this.#cost.cpuNs(), 0);
    const { isRateChosen, durationMs } = this.#config;
    const durationNs = BigInt(Math.round(durationMs * 1e6));
    let endNs = schedule.originNs + durationNs;
    while (!this.#wait.isStopping) {
      // With a rate that changes nobody knows how many ticks there will be.
      if (isRateChosen && durationMs > 0 && schedule.tick > 0 && schedule.deadlineNs >= endNs) {
        await this.#wait.until(endNs);
        return this.#wait.isStopping ? 'stopped' : 'time-over';
      }
      const turned = this.#wait.untilTick(schedule.deadlineNs);
      if (turned) await turned;
      if (this.#wait.isStopping) {
        // A stall may have ended in a stop: the ticks that were due meanwhile are missed, not unmade.
        this.#noteMissed(schedule.skipDue(process.hrtime.bigint(), this.#config.ticks));
        break;
      }
      const missed = schedule.begin(process.hrtime.bigint());
      if (this.#config.ticks > 0 && schedule.tick >= this.#config.ticks) {
        const over = schedule.tick - this.#config.ticks;
        this.#noteMissed(missed - over);
        schedule.missed -= over;
        return 'time-over';
      }
      this.#noteMissed(missed);
      const startNs = this.#tick(schedule);
      // The first frame is told before the deep reads behind it, for which a slow rate has room for minutes.
      if (this.#ticks === 1) await new Promise((resolve) => setImmediate(resolve));
      if (!this.#wait.isStopping) this.#readDeep(schedule, startNs);
      schedule.advance();
      if (this.#ticks === 1) {
        schedule.start(process.hrtime.bigint());
        endNs = schedule.originNs + durationNs;
      }
      if (this.#config.ticks > 0 && schedule.tick >= this.#config.ticks) {
        await this.#wait.until(endNs);
        return this.#wait.isStopping ? 'stopped' : 'time-over';
      }
      if (this.#table.count === 0 && endsWhenEmpty(this.#config.target)) return 'all-gone';
    }
    return 'stopped';
  }

  /** Ends the loop before its next tick, also while that is waited for. */
  stop(): void {
    this.#wait.stop();
  }

  /** Puts a mark, or the begin or end of a span, into the recording. */
  mark(timeNs: bigint, event: Parameters<RecordingWriter['event']>[1]): void {
    this.#writer.event(timeNs, event);
  }

  /** An action has ended. */
  actionEnded(): void {
    this.#rules?.ended();
  }

  /** Watches these rules from now on, and no others. */
  watch(rules: readonly WatchedRule[]): void {
    this.#rules?.close(process.hrtime.bigint(), this.#writer);
    this.#rules = new RuleWatch(rules, this.#table, this.#beside.limits, this.fire, this.#rules);
  }

  /** What V8 told of the isolate that records. */
  v8(records: readonly { readonly timeNs: string; readonly event: V8Record['event'] }[]): void {
    this.#writer.v8(records.map(({ timeNs, event }) => ({ timeNs: BigInt(timeNs), event })));
  }

  get progress(): SamplerProgress {
    const [ticks, missedTicks] = [this.#ticks, this.#schedule?.missed ?? 0];
    return progressOf(this.#writer, this.#table, this.#census, { ticks, missedTicks, ownCpuNs: this.#cost.cpuNs() });
  }

  /** Ends the recording; the sampler is of no use afterwards. */
  close(reason: string): void {
    const trim = this.#config.storage.kind === 'file' && this.#config.storage.trim;
    this.#beside.close(process.hrtime.bigint());
    this.#rules?.close(process.hrtime.bigint(), this.#writer);
    this.#deep.finish(process.hrtime.bigint());
    this.#census.settle(process.hrtime.bigint());
    this.#lives.drain();
    this.#lives.report(process.hrtime.bigint());
    this.#budgetLog.finish(process.hrtime.bigint());
    this.#writer.clock(readClocks());
    this.#writer.close(process.hrtime.bigint(), reason, trim);
    this.#engine.close();
    this.#cost.close();
  }

  /** Returns when it began. */
  #tick(schedule: Schedule): bigint {
    const { deadlineNs, tick } = schedule;
    const startNs = process.hrtime.bigint();
    const cpuAtStart = this.#ratePace ? this.#cost.cpuNs() : 0;
    this.#lives.drain();
    this.#census.look(startNs);
    const table = this.#table;
    this.#makeRoom();
    const statEvery = this.#statPace.everyOf(this.#engine.name, this.#config.isRateChosen, table.count);
    // The recording numbers the ticks of all its writers in one row, and its readers tell by that number what was read.
    const phase = (tick + this.#writer.firstTick) % statEvery;
    const renames = this.#engine.sweepCounters(table.live, table.count, this.#counters, statEvery, phase);
    const [sweptFrom, sweptTo] = this.#engine.times;
    this.#writer.gather(true);
    this.#rename(renames, sweptFrom!);
    // Before what everything took, of which it is a part.
    const deepCpuNs = this.#deepCpu.ns;
    this.#writer.counters(
      sweptFrom!,
      sweptTo!,
      {
        tick,
        lateness: Number(startNs - deadlineNs),
        ownCpu: Math.round(this.#cost.cpuNs()),
        ownRss: this.#cost.rssBytes(startNs),
        missedTicks: schedule.missed,
        statEvery,
        deepCpu: Math.round(deepCpuNs),
        deepCredit: Math.round(this.#budget.creditNs),
      },
      this.#counters,
    );
    this.#statPace.swept(Number(sweptTo! - sweptFrom!));
    this.#ticks++;
    this.#firstFrame.resolve();
    this.#census.swept();
    this.#releaseGone(sweptTo!);
    const clocks = this.#clockPace.due(startNs);
    if (clocks) {
      this.#writer.clock(clocks);
      this.#census.settle(startNs);
      this.#lives.report(startNs);
    }
    this.#peaks.check(startNs);
    this.#urgency.check(startNs);
    this.#pace(startNs, schedule, cpuAtStart);
    this.#beside.tick(startNs, schedule.periodNs, this.#counters);
    this.#writer.gather(false);
    return startNs;
  }

  /** What the rest of the tick is for, and what follows from all that it read. */
  #readDeep({ tick, deadlineNs, periodNs }: Schedule, startNs: bigint): void {
    const endNs = deadlineNs + periodNs;
    this.#commands.spend(periodNs, endNs);
    this.#deepCpu.charge(() => this.#deep.spend(tick, endNs, this.#counters));
    this.#budget.spent(Number(process.hrtime.bigint()), this.#cost.cpuNs(), this.#deepCpu.ns);
    this.#rules?.look(startNs, this.#counters, this.#deep.columns);
  }

  /** The rate from now on, by what this tick cost. What the process has used is asked of the kernel only where it decides. */
  #pace(nowNs: bigint, schedule: Schedule, cpuAtStart: number): void {
    this.#budgetLog.ticked(nowNs);
    const pace = this.#ratePace;
    if (!pace?.ticked(Number(nowNs), this.#cost.cpuNs() - cpuAtStart, this.#budget.otherShare)) return;
    schedule.setRate(pace.hz);
    this.#statPace.setPeriod(Number(schedule.periodNs));
    this.#deep.setPeriod(Number(schedule.periodNs));
    this.#budgetLog.changed(nowNs, pace.why(this.#budget.otherShare));
  }

  #rename(renames: number, nowNs: bigint): void {
    for (let index = 0; index < renames; index++) {
      const slot = this.#engine.renamed[index]!;
      // A kernel worker's name ends in what it works on at the moment: it keeps the name under which it was first seen.
      if (this.#table.identity(slot)!.kernelThread) continue;
      this.#commands.look(slot);
      this.#beside.settle(slot, nowNs);
      this.#writer.rename(nowNs, slot, this.#table.rename(slot, this.#engine.comm(slot)));
    }
  }

  #releaseGone(nowNs: bigint): void {
    const { live, count } = this.#table;
    let departed = false;
    for (let index = 0; index < count; index++) {
      const slot = live[index]!;
      if (this.#counters.status[slot] !== Status.gone) continue;
      this.#beside.settle(slot, nowNs);
      this.#lives.departed(this.#table.identity(slot)!, nowNs);
      this.#census.depart(slot, nowNs);
      this.#deep.departed();
      departed = true;
    }
    if (departed) this.#table.refresh();
  }

  #arrived(slot: number): void {
    this.#lives.arrived(this.#table.identity(slot)!);
    this.#makeRoom();
    this.#counters.clear(slot);
    this.#deep.arrived(slot);
    this.#commands.look(slot);
    this.#beside.arrived(slot);
    this.#rules?.arrived(slot);
  }

  #makeRoom(): void {
    const rows = this.#table.highWater + 1;
    if (rows > this.#counters.stride) this.#counters = this.#counters.grown(Math.ceil(rows * GROWTH));
  }

  #noteMissed(ticks: number): void {
    if (ticks <= 0) return;
    const rows = ticks * this.#table.count;
    this.#writer.event(process.hrtime.bigint(), { type: 'gap', reason: 'late', ticks, rows });
  }
}
