/**
 * From now into the past and back: what the keys of time do on the screen, whether it is of a file or of what is recorded
 * meanwhile. Live and replay are one screen; this decides which of the two it shows.
 *
 * The trap: a key that cannot do what it is for says why, in one line; it never ends the program.
 */
import { cutRecording } from '../recording/cut.js';
import { OutsideRecordingError } from '../recording/instants.js';
import type { Recording } from '../recording/recording.js';
import { InputError } from '../text/input-error.js';
import { formatTime } from '../text/time.js';
import { comparedModel, type MarkedInstant, markInstant } from '../views/screen/difference.js';
import type { ProcessFacts, ScreenModel } from '../views/screen/screen-model.js';
import type { TimeEffect } from '../views/screen/screen-state.js';
import { CommandError } from './command-error.js';
import { writeAside } from './output-file.js';
import { ReplaySession } from './replay-session.js';

const MINUTE_NS = 60_000_000_000n;

export interface TimeTravelOptions {
  /** What is recorded, or was. */
  readonly recording: () => Recording;
  /** Whether it is recorded by this program now: then there is a live screen to go back to. */
  readonly isLive: boolean;
  readonly pids?: readonly number[];
  /** Where the past begins, Unix nanoseconds; without it at the end. */
  readonly atNs?: bigint;
  readonly isShown?: (key: string) => boolean;
  readonly factsOf?: (key: string) => ProcessFacts | undefined;
  readonly changed: () => void;
}

export class TimeTravel {
  readonly #options: TimeTravelOptions;
  #replay: ReplaySession | undefined;
  #marked: MarkedInstant | undefined;

  constructor(options: TimeTravelOptions) {
    this.#options = options;
    if (!options.isLive) this.#replay = this.#start(true);
  }

  /** What is shown of the past; undefined while the screen is of now. */
  get replay(): ReplaySession | undefined {
    return this.#replay;
  }

  /** The model with what it is compared with. */
  finish(model: ScreenModel): ScreenModel {
    const { fromNs, toNs } = this.#savedSpan(model);
    const savedSpan = [fromNs, toNs].map((ns) => formatTime(ns, { digits: 0 })).join(' to ');
    return { ...(this.#marked ? comparedModel(model, this.#marked) : model), savedSpan };
  }

  /** Does what a key asks for; returns what is to be said. `model` is what is shown. */
  async apply(effect: TimeEffect, model: ScreenModel): Promise<string | undefined> {
    try {
      return await this.#apply(effect, model);
    } catch (error) {
      if (error instanceof InputError || error instanceof OutsideRecordingError || error instanceof CommandError) {
        return error.message;
      }
      const { code } = error as { code?: unknown };
      // A disk that is full, a folder that is not there: the file was not written.
      if (typeof code === 'string') return (error as Error).message;
      throw error;
    }
  }

  close(): void {
    this.#replay?.close();
  }

  async #apply(effect: TimeEffect, model: ScreenModel): Promise<string | undefined> {
    if (typeof effect === 'object') {
      if ('saveAs' in effect) return await this.#save(effect.saveAs, model);
      return this.#past().goTo(effect.goTo);
    }
    switch (effect) {
      case 'tick-back':
        return this.#past().step(-1) ? undefined : 'this is the oldest tick';
      case 'tick-on':
        if (!this.#replay) return 'this is now; left goes back';
        return this.#replay.step(1) ? undefined : 'this is the newest tick; f goes on with those that come';
      case 'minute-back':
        this.#past().minute(-1);
        return undefined;
      case 'minute-on':
        if (!this.#replay) return 'this is now; [ goes back';
        this.#replay.minute(1);
        return undefined;
      case 'next-happening':
        if (!this.#replay) return 'this is now; N goes back';
        return this.#replay.happening(1) ? undefined : 'no OOM kill, mark or gap is later';
      case 'previous-happening':
        return this.#past().happening(-1) ? undefined : 'no OOM kill, mark or gap is earlier';
      case 'live':
        this.#goLive();
        return undefined;
      case 'mark':
        this.#marked = this.#marked ? undefined : markInstant(model);
        return undefined;
    }
  }

  #goLive(): void {
    if (!this.#options.isLive) this.#replay!.follow();
    else {
      this.#replay?.close();
      this.#replay = undefined;
    }
  }

  #past(): ReplaySession {
    this.#replay ??= this.#start();
    return this.#replay;
  }

  #start(beginsQuickly = false): ReplaySession {
    const { pids, atNs, isShown, factsOf, changed, recording } = this.#options;
    try {
      return new ReplaySession({
        recording: recording(),
        ...{ changed, beginsQuickly },
        ...(pids ? { pids } : {}),
        ...(atNs === undefined ? {} : { atNs }),
        ...(isShown ? { isShown } : {}),
        ...(factsOf ? { factsOf } : {}),
      });
    } catch (error) {
      if (error instanceof TypeError) throw new CommandError('nothing is recorded yet');
      throw error;
    }
  }

  /** From the marked instant to the one that is shown, or the minute before it. */
  #savedSpan({ replay, host }: ScreenModel): { readonly fromNs: bigint; readonly toNs: bigint } {
    const nowNs = replay?.timeNs ?? BigInt(host.clock.getTime()) * 1_000_000n;
    const otherNs = this.#marked?.timeNs ?? nowNs - MINUTE_NS;
    return otherNs < nowNs ? { fromNs: otherNs, toNs: nowNs } : { fromNs: nowNs, toNs: otherNs };
  }

  async #save(file: string, model: ScreenModel): Promise<string> {
    const { fromNs, toNs } = this.#savedSpan(model);
    const recording = this.#replay?.recording ?? this.#options.recording();
    await writeAside(file, false, (path) => cutRecording(recording, path, { from: fromNs, to: toNs }));
    return `saved ${formatTime(fromNs, { digits: 0 })} to ${formatTime(toNs, { digits: 0 })} as ${file}`;
  }
}
