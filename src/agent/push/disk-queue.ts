/**
 * What is still to be sent, on disk: one file a request, in the order of their numbers, bounded in bytes.
 *
 * The traps: the agent may be killed at any instant, so a file gets its name when it is whole; the disk may be full, which must
 * not end the recording; and what was dropped for want of room is counted, in samples, also over a restart.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface QueuedRequest {
  readonly number: number;
  readonly samples: number;
  readonly size: number;
}

const NAME = /^(\d{15})-(\d{1,9})\.request$/;
const UNFINISHED = '.unfinished';

export class DiskQueue {
  /** Samples that went for want of room, or because the disk refused them. */
  dropped = 0;
  /** Of what waits. */
  bytes = 0;
  readonly #waiting: QueuedRequest[] = [];
  #next = 1;

  /** Takes up what is in the folder, which is made when it is missing. Throws the errno of a folder that cannot be used. */
  constructor(
    private readonly folder: string,
    private readonly mostBytes: number,
  ) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder).sort()) {
      const [, number, samples] = NAME.exec(name) ?? [];
      if (number === undefined) {
        if (name.endsWith(UNFINISHED)) rmSync(path.join(folder, name), { force: true });
        continue;
      }
      const { size } = statSync(path.join(folder, name));
      this.#waiting.push({ number: Number(number), samples: Number(samples), size });
      this.bytes += size;
      this.#next = Number(number) + 1;
    }
    this.#makeRoom(0);
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** The oldest that waits. */
  get first(): QueuedRequest | undefined {
    return this.#waiting[0];
  }

  /** Puts one behind the others; the oldest go when there is no room. Never throws. */
  add(body: Uint8Array, samples: number): void {
    this.#makeRoom(body.length);
    const request = { number: this.#next++, samples, size: body.length };
    const file = this.#fileOf(request);
    try {
      writeFileSync(file + UNFINISHED, body, { mode: 0o600, flag: 'wx' });
      renameSync(file + UNFINISHED, file);
      this.#waiting.push(request);
      this.bytes += body.length;
    } catch {
      // The disk is full, or was taken away: what could be told is lost, and counted.
      rmSync(file + UNFINISHED, { force: true });
      this.dropped += samples;
    }
  }

  /** What is in it; undefined when the file is gone or cannot be read, and then it is dropped. */
  read(request: QueuedRequest): Buffer | undefined {
    try {
      return readFileSync(this.#fileOf(request));
    } catch {
      this.dropped += request.samples;
      this.remove(request);
      return undefined;
    }
  }

  /** It was sent, or will never be. */
  remove(request: QueuedRequest): void {
    const at = this.#waiting.indexOf(request);
    if (at < 0) return;
    this.#waiting.splice(at, 1);
    this.bytes -= request.size;
    rmSync(this.#fileOf(request), { force: true });
  }

  #makeRoom(size: number): void {
    while (this.#waiting.length > 0 && this.bytes + size > this.mostBytes) {
      const oldest = this.#waiting[0]!;
      this.dropped += oldest.samples;
      this.remove(oldest);
    }
  }

  #fileOf({ number, samples }: QueuedRequest): string {
    return path.join(this.folder, `${String(number).padStart(15, '0')}-${samples}.request`);
  }
}
