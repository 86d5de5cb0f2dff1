/**
 * The sampled audit: one deep read in so many is read again as text, and both tokenizers must make the same of it.
 *
 * The trap: two reads of a living process differ, so what is compared is one text under two tokenizers, never two reads.
 */
import { readGuardedFile } from '../engine/guarded-file.js';
import type { ProcessIdentity } from '../engine/identity.js';
import { nativeBinding } from '../engine/native-binding.js';
import { compareTokenizers } from '../engine/tokenizer-parity.js';
import { readKernelFile } from '../procfs/read.js';
import { typescriptTokenizers } from '../procfs/tokenizers.js';
import type { RecordingWriter } from '../recording/recording-writer.js';
import { Status } from '../schema.js';
import type { SamplerConfig } from './config.js';

const REPORT_EVERY_NS = 1_000_000_000n;

export class Audit {
  #untilNext: number;
  #checked = 0;
  #mismatches = 0;
  #detail: string | undefined;
  #reported = 0;
  #reportedNs = 0n;

  constructor(
    private readonly config: SamplerConfig,
    private readonly writer: RecordingWriter,
  ) {
    this.#untilNext = config.audit;
  }

  /** A deep read of a process was made. */
  read(identity: ProcessIdentity, status: number, file: 'smaps' | 'smaps_rollup'): void {
    if (this.config.audit === 0 || status !== Status.ok) return;
    if (--this.#untilNext > 0) return;
    this.#untilNext = this.config.audit;
    const binding = nativeBinding();
    if (binding.state !== 'loaded') return;
    const text = readKernelFile(this.config.root, identity.pid, file, readGuardedFile);
    if (text.status !== 'ok') return;
    const difference = compareTokenizers(file, text.value, binding.tokenizers, typescriptTokenizers);
    this.#checked++;
    if (difference) {
      this.#mismatches++;
      this.#detail ??= `${file} of pid ${identity.pid}: ${difference.field} is ${difference.a} and ${difference.b}`;
    }
    const nowNs = process.hrtime.bigint();
    if (nowNs - this.#reportedNs >= REPORT_EVERY_NS) this.report(nowNs);
  }

  /** Stores the counts, if they have changed since the last time. */
  report(timeNs: bigint): void {
    if (this.#checked === this.#reported) return;
    this.#reported = this.#checked;
    this.#reportedNs = timeNs;
    this.writer.event(timeNs, {
      type: 'audit',
      checked: this.#checked,
      mismatches: this.#mismatches,
      ...(this.#detail === undefined ? {} : { detail: this.#detail }),
    });
  }
}
