/**
 * `tidemark top` on a terminal: what is recorded now, drawn until somebody leaves.
 *
 * The traps: a key is answered at once and not at the next frame; names of users are known a little later than the
 * processes; and while the screen is paused time goes on, so what is shown is kept and not what is there.
 */
import type { EngineChoice } from '../engine/choose.js';
import type { HostUnits } from '../schema.js';
import { isUtf8Locale } from '../text/locale.js';
import { type DrawnScreen, drawScreen } from '../views/screen/screen.js';
import type { ScreenModel } from '../views/screen/screen-model.js';
import { FIRST_STATE, pressKey, type ScreenState } from '../views/screen/screen-state.js';
import { symbolsFor } from '../views/screen/symbols.js';
import { ansiLine } from './ansi-line.js';
import { nextDeadline } from './frame-clock.js';
import { KeyDecoder } from './key-decoder.js';
import { LiveSession, type SessionOptions } from './live-session.js';
import { OpenedSession } from './opened-session.js';
import { warn } from './output.js';
import { TerminalScreen } from './terminal-screen.js';
import { guardWaysOut, Suspension } from './ways-out.js';

export interface ScreenRequest extends Omit<SessionOptions, 'changed'> {
  readonly engine: EngineChoice;
  readonly host: HostUnits;
  readonly delayMs: number;
  /** Frames, or without end. */
  readonly iterations: number;
  readonly state: Partial<ScreenState>;
}

/** After so long an Escape is no begin of another key. */
const ESCAPE_MS = 50;
/** A first frame takes a fraction of a second. */
const FIRST_FRAME_MS = 3000;
const NO_FRAME = 'no frame yet: a stuck process may be holding the sampler; -p chooses others, Ctrl-C ends';
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
  const waiting = setTimeout(() => warn('top', NO_FRAME), FIRST_FRAME_MS);
  const session = await LiveSession.start({ ...request, changed: () => top?.refresh() }, failed).finally(() =>
    clearTimeout(waiting),
  );
  top = new TopScreen(session, request);
  try {
    await Promise.race([top.run(), died]);
  } finally {
    top.close();
    session.close();
  }
}

class TopScreen {
  readonly #session: LiveSession;
  readonly #request: ScreenRequest;
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
  #finish: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(session: LiveSession, request: ScreenRequest) {
    this.#session = session;
    this.#request = request;
    this.#state = { ...FIRST_STATE, ...request.state };
    session.facts.commandLines = this.#state.commandLines;
    this.#model = session.look(undefined);
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
    this.#model = this.#session.look(this.#opened?.look());
    this.#draw();
  }

  close(): void {
    clearTimeout(this.#frameTimer);
    clearTimeout(this.#escapeTimer);
    this.#opened?.close();
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
    const model = this.#session.look(this.#opened?.look());
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
      this.#follow(before);
      this.#draw();
    }
  }

  /** Begins and ends what the new state needs. */
  #follow(before: ScreenState): void {
    const { opened, commandLines, paused } = this.#state;
    if (commandLines !== before.commandLines) this.#session.facts.commandLines = commandLines || opened !== undefined;
    if (opened !== before.opened) {
      this.#opened?.close();
      this.#opened = opened === undefined ? undefined : this.#open(opened);
      this.#session.facts.commandLines = commandLines || opened !== undefined;
      this.#model = this.#session.look(this.#opened?.look());
    } else if (paused !== before.paused || commandLines !== before.commandLines) {
      this.refresh();
    }
  }

  #open(key: string): OpenedSession | undefined {
    const process = this.#model.processes.find((candidate) => candidate.key === key);
    if (!process) return undefined;
    const { root, engine, host } = this.#request;
    const { pid, startTicks } = process.identity;
    return new OpenedSession({
      ...{ key, pid, startTicks, rss: process.rss, root, engine, host },
      changed: () => this.refresh(),
    });
  }
}
