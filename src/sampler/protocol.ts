/**
 * What a recorder and its sampler say to each other, across a thread or a process.
 *
 * The trap: the recorder's side may be busy for minutes and reads nothing meanwhile, so the sampler sends a handful of
 * messages and never one per tick; everything else is in the ring. All of it is plain JSON.
 */
import type { TideEvent } from '../recording/events.js';
import type { V8Record } from '../recording/v8-log.js';
import type { EndReason, SamplerProgress } from './progress.js';
import type { Firing, WatchedRule } from './rule-watch.js';

export type ToSampler =
  /** A mark or span, stamped with monotonic nanoseconds by whoever made it. */
  | { readonly type: 'event'; readonly timeNs: string; readonly event: TideEvent }
  /** What V8 told of the recorder's isolate. */
  | { readonly type: 'v8'; readonly records: readonly { readonly timeNs: string; readonly event: V8Record['event'] }[] }
  /** An action has ended: another one may be begun. */
  | { readonly type: 'actionEnded' }
  /** Other rules from now on; their indices go on behind those of all before. */
  | { readonly type: 'rules'; readonly rules: readonly WatchedRule[] }
  | { readonly type: 'stop' };

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export type FromSampler =
  /** The first frame is committed. `missing`: pids that were asked for and not found. */
  | { readonly type: 'started'; readonly processes: number; readonly missing: readonly number[] }
  /** Nothing is recorded, or no longer. */
  | { readonly type: 'failed'; readonly failure: Failure }
  /** Rules became true, and are to be acted upon. */
  | { readonly type: 'fired'; readonly firings: readonly Firing[] }
  /** About once a second. `events`, `v8`: how many of the recorder's events and of what V8 told have been taken. */
  | { readonly type: 'progress'; readonly progress: SamplerProgress; readonly events: number; readonly v8: number }
  /** The recording is closed and on disk. */
  | { readonly type: 'stopped'; readonly reason: EndReason; readonly progress: SamplerProgress };

/** The sampler's end of the line. */
export interface SamplerPort {
  send(message: FromSampler): void;
  onMessage(listener: (message: ToSampler) => void): void;
}
