/**
 * `tidemark top` on a terminal: what is recorded now or was recorded once, drawn until somebody leaves.
 *
 * The traps: a key is answered at once and not at the next frame; names of users are known a little later than the
 * processes; and while the screen is paused time goes on, so what is shown is kept and not what is there.
 */
import type { EngineChoice } from '../engine/choose.js';
import type { Recording } from '../recording/recording.js';
import type { HostUnits } from '../schema.js';
import { isUtf8Locale } from '../text/locale.js';
import { type DrawnScreen, drawScreen } from '../views/screen/screen.js';
import type { ScreenModel } from '../views/screen/screen-model.js';
import { FIRST_STATE, pressKey, type ScreenState, type TimeEffect } from '../views/screen/screen-state.js';
import { symbolsFor } from '../views/screen/symbols.js';
import { ansiLine } from './ansi-line.js';
import { compileLate } from './compile-late.js';
import { nextDeadline } from './frame-clock.js';
import { KeyDecoder } from './key-decoder.js';
import type { LiveSession, SessionOptions } from './live-session.js';
import type { OpenedOptions, OpenedSession } from './opened-session.js';
import { warn } from './output.js';
import { TerminalScreen } from './terminal-screen.js';
import { TimeTravel } from './time-travel.js';
import { guardWaysOut, Suspension } from './ways-out.js';

export interface ScreenChoice {
  readonly delayMs: number;
  /** Frames, or without end. */
  readonly iterations: number;
  readonly state: Partial<ScreenState>;
}

export interface ScreenRequest extends ScreenChoice, Omit<SessionOptions, 'changed'> {
  readonly engine: EngineChoice;
  readonly host: HostUnits;
}

/** A screen of a recording in a file. */
export interface ReplayRequest extends ScreenChoice {
  readonly recording: Recording;
  readonly pids?: readonly number[];
  /** Unix nanoseconds: where it begins; without it at the end. */
  readonly atNs?: bigint;
}

/** After so long an Escape is no begin of another key. */
const ESCAPE_MS = 50;
/** A first frame takes a fraction of a second. */
const FIRST_FRAME_MS = 3000;
const NO_FRAME = 'no frame yet: a stuck process may be holding the sampler; -p chooses others, Ctrl-C ends';
/** Until a recording has been shown for so long, code is compiled for speed so many times later than usual. */
const SETTLED_MS = 1000;
const FIRST_SCREEN_LATE = 9;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Draws until the user quits or the frames are over. Rejects when the recording cannot be made or its sampler dies. */
export async function runScreen(request: ScreenRequest): Promise<void> {
  let failed: (error: unknown) => void = () => {};
  let top: TopScreen | undefined;
  const died = new Promise<never>((_, reject) => {
    failed = reject;
  });
  // It may die before anybody waits for that.
  died.catch(() => {});
  // What records is of no use to a screen of a file.
  const [{ LiveSession }, { OpenedSession }] = await Promise.all([
    import('./live-session.js'),
    import('./opened-session.js'),
  ]);
  const waiting = setTimeout(() => warn('top', NO_FRAME), FIRST_FRAME_MS);
  const session = await LiveSession.start({ ...request, changed: () => top?.refresh() }, failed).finally(() =>
    clearTimeout(waiting),
  );
  const { pids, isWanted } = request;
  const travel = new TimeTravel({
    recording: () => session.recorder.recording(),
    isLive: true,
    factsOf: (key) => session.facts.of(key),
    changed: () => top?.refresh(),
    ...(pids ? { pids } : {}),
    ...(isWanted ? { isShown: (key) => isWanted(session.facts.of(key)?.uids ?? []) } : {}),
  });
  top = new TopScreen(request, travel, { session, request, open: (options) => new OpenedSession(options) });
  try {
    await Promise.race([top.run(), died]);
  } finally {
    top.close();
    session.close();
  }
}

/** Draws a recording in a file until the user quits or the frames are over. */
export async function replayScreen(request: ReplayRequest): Promise<void> {
  const { recording, pids, atNs } = request;
  compileLate(FIRST_SCREEN_LATE);
  const settled = setTimeout(compileLate, SETTLED_MS, 1);
  let top: TopScreen | undefined;
  const travel = new TimeTravel({
    recording: () => recording,
    isLive: false,
    changed: () => top?.refresh(),
    ...(pids ? { pids } : {}),
    ...(atNs === undefined ? {} : { atNs }),
  });
  top = new TopScreen(request, travel, undefined);
  try {
    await top.run();
  } finally {
    clearTimeout(settled);
    // Compiled code that is kept is good for the flags that it was made with.
    compileLate(1);
    top.close();
  }
}

interface Live {
  readonly session: LiveSession;
  readonly request: ScreenRequest;
  readonly open: (options: OpenedOptions) => OpenedSession;
}

class TopScreen {
  readonly #request: ScreenChoice;
  readonly #travel: TimeTravel;
  /** What is recorded meanwhile; undefined for a file. */
  readonly #live: Live | undefined;
  readonly #terminal = new TerminalScreen();
  readonly #symbols = symbolsFor(isUtf8Locale(), !process.env.NO_COLOR);
  readonly #keys = new KeyDecoder();
  readonly #suspension: Suspension;
  readonly #unguard: () => void;
  #state: ScreenState;
  #model: ScreenModel;
  #drawn: DrawnScreen | undefined;
  #opened: OpenedSession | undefined;
  #escapeTimer: NodeJS.Timeout | undefined;
  #frameTimer: NodeJS.Timeout | undefined;
  #frames = 0;
  #going: Promise<void> = Promise.resolve();
  #finish: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(request: ScreenChoice, travel: TimeTravel, live: Live | undefined) {
    this.#request = request;
    this.#travel = travel;
    this.#live = live;
    this.#state = { ...FIRST_STATE, ...request.state };
    if (live) live.session.facts.commandLines = this.#state.commandLines;
    this.#model = this.#look();
    this.#suspension = new Suspension(
      () => this.#terminal.leave(),
      () => {
        this.#terminal.enter();
        this.#draw();
      },
    );
    this.#unguard = guardWaysOut(() => this.#terminal.leave());
  }

  run(): Promise<void> {
    const ended = new Promise<void>((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    this.#terminal.enter();
    this.#suspension.listen();
    process.stdout.on('resize', this.#resized);
    process.stdin.on('data', this.#typed);
    process.stdin.on('end', this.#hungUp);
    process.stdin.on('error', this.#hungUp);
    this.#frame(performance.now());
    return ended;
  }

  /** Shows what is known now, unless it is paused. */
  refresh(): void {
    if (this.#state.paused) return;
    this.#model = this.#look();
    this.#draw();
  }

  close(): void {
    clearTimeout(this.#frameTimer);
    clearTimeout(this.#escapeTimer);
    this.#opened?.close();
    this.#travel.close();
    this.#suspension.close();
    process.stdout.off('resize', this.#resized);
    process.stdin.off('data', this.#typed);
    process.stdin.off('end', this.#hungUp);
    process.stdin.pause();
    this.#terminal.leave();
    this.#unguard();
  }

  #frame(deadline: number): void {
    if (performance.now() < deadline) {
      this.#wait(deadline);
      return;
    }
    if (this.#frames++ >= this.#request.iterations) {
      this.#finish();
      return;
    }
    // What is recorded goes on whatever is shown: all of it is taken in.
    if (this.#travel.replay) this.#live?.session.look(undefined);
    const model = this.#look();
    if (!this.#state.paused) {
      this.#model = model;
      this.#draw();
    }
    this.#wait(nextDeadline(deadline, Math.max(1, this.#request.delayMs), performance.now()));
  }

  #wait(deadline: number): void {
    const left = Math.max(1, Math.ceil(deadline - performance.now()));
    this.#frameTimer = setTimeout(() => this.#frame(deadline), Math.min(LONGEST_TIMER_MS, left));
  }

  #look(): ScreenModel {
    const { replay } = this.#travel;
    return this.#travel.finish(
      replay ? replay.look(this.#state.opened) : this.#live!.session.look(this.#opened?.look()),
    );
  }

  #draw(): void {
    const size = this.#terminal.size;
    const drawn = drawScreen(this.#model, this.#state, size, this.#symbols, this.#drawn?.order ?? []);
    this.#drawn = drawn;
    this.#state = { ...this.#state, top: drawn.top };
    const lines = drawn.lines.map((line) => ansiLine(line, size.columns, this.#symbols.colour));
    this.#terminal.draw(lines).catch(this.#fail);
  }

  readonly #resized = (): void => {
    this.#terminal.forget();
    this.#draw();
  };

  /** The terminal has gone. */
  readonly #hungUp = (): void => this.#finish();

  readonly #typed = (bytes: Buffer): void => {
    clearTimeout(this.#escapeTimer);
    this.#press(this.#keys.decode(bytes));
    if (!this.#keys.isWaiting) return;
    this.#escapeTimer = setTimeout(() => this.#press(this.#keys.flush()), ESCAPE_MS);
  };

  #press(keys: readonly string[]): void {
    for (const key of keys) {
      const { order = [], page = 1 } = this.#drawn ?? {};
      const { state, effect } = pressKey(this.#state, key, { rows: order, page });
      const before = this.#state;
      this.#state = state;
      if (effect === 'quit') {
        this.#finish();
        return;
      }
      if (effect === 'suspend') {
        this.#suspension.suspend();
        return;
      }
      if (effect === 'redraw') this.#terminal.forget();
      else if (effect !== undefined) {
        this.#draw();
        this.#goTo(effect);
        continue;
      }
      this.#follow(before);
      this.#draw();
    }
  }

  /** Keys that are pressed meanwhile wait for each other: each is about what the one before has led to. */
  #goTo(effect: TimeEffect): void {
    this.#going = this.#going
      .then(async () => {
        const wasReplay = this.#travel.replay !== undefined;
        const message = await this.#travel.apply(effect, this.#model);
        const isReplay = this.#travel.replay !== undefined;
        if (isReplay !== wasReplay) this.#reopen();
        this.#state = { ...this.#state, ...(message === undefined ? {} : { message }) };
        this.#model = this.#look();
        this.#draw();
      })
      .catch(this.#fail);
  }

  /** The mappings of an opened process are read live only where the screen is. */
  #reopen(): void {
    this.#opened?.close();
    const { opened } = this.#state;
    this.#opened = opened === undefined ? undefined : this.#open(opened);
  }

  /** Begins and ends what the new state needs. */
  #follow(before: ScreenState): void {
    const { opened, commandLines, paused } = this.#state;
    const isRead = commandLines !== before.commandLines || opened !== before.opened;
    if (isRead && this.#live) this.#live.session.facts.commandLines = commandLines || opened !== undefined;
    if (opened !== before.opened) {
      this.#reopen();
      this.#model = this.#look();
    } else if (paused !== before.paused || commandLines !== before.commandLines) {
      this.refresh();
    }
  }

  #open(key: string): OpenedSession | undefined {
    const process = this.#model.processes.find((candidate) => candidate.key === key);
    if (!process || !this.#live || this.#travel.replay) return undefined;
    const { root, engine, host } = this.#live.request;
    const { pid, startTicks } = process.identity;
    return this.#live.open({
      ...{ key, pid, startTicks, rss: process.rss, root, engine, host },
      changed: () => this.refresh(),
    });
  }
}
