/**
 * What does not change while a process runs one program: its user, its unit or container, its command line. Read once for
 * each, in the background.
 *
 * The traps: reading a command line can block for ever on a stuck target, so reads are made on threads of their own, few
 * at a time, and one that does not come back is given up; and exec changes all of it, which the name shows.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ProcessIdentity } from '../engine/identity.js';
import type { AccountNames } from '../procfs/accounts.js';
import { unitOf } from '../procfs/cgroup.js';
import type { ProcessFacts } from '../views/screen/screen-model.js';

/** Reads that are under way at once: fewer than Node has threads, so that a stuck one leaves some. */
const AT_ONCE = 2;
/** A read that takes longer does not count any more; after so many nothing is read that could block. */
const STUCK_MS = 2000;
const MOST_STUCK = 2;
const UIDS = /^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)/m;
const EFFECTIVE = 1;
const FILES = ['stat', 'status', 'cgroup'];
/** Of a file: the lines of `status` that count stand before the groups, which are as many as the host likes. */
const MOST_BYTES = 65_536;
/** A tree that somebody makes up may hold a FIFO, which would keep a thread for ever. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
/** Places of the addresses in `stat` behind the name: code and stack, then data, break, arguments and environment. */
const LAYOUT_SPANS = [
  [23, 26],
  [42, 49],
] as const;
const LONGEST_COMMAND_LINE = 4096;

interface Entry {
  readonly comm: string;
  facts: ProcessFacts | undefined;
  hasCommandLine: boolean;
}

export class ProcessFactsReader {
  readonly #root: string;
  readonly #accounts: AccountNames;
  readonly #entries = new Map<string, Entry>();
  readonly #wanted = new Map<string, ProcessIdentity>();
  #running = 0;
  #stuck = 0;
  #commandLines = false;
  /** Told when something new is known. */
  readonly #changed: () => void;

  constructor(root: string, accounts: AccountNames, changed: () => void) {
    this.#root = root;
    this.#accounts = accounts;
    this.#changed = changed;
  }

  /** Whether command lines are wanted from now on. */
  set commandLines(wanted: boolean) {
    this.#commandLines = wanted;
  }

  of(key: string): ProcessFacts | undefined {
    return this.#entries.get(key)?.facts;
  }

  /** The processes that there are: what is not known of them is read, those that have gone are forgotten. */
  update(processes: readonly { readonly key: string; readonly identity: ProcessIdentity }[]): void {
    const live = new Set<string>();
    for (const { key, identity } of processes) {
      live.add(key);
      const entry = this.#entries.get(key);
      const isKnown = entry?.comm === nameOf(identity) && (entry.hasCommandLine || !this.#commandLines);
      if (!isKnown) this.#wanted.set(key, identity);
    }
    for (const key of this.#entries.keys()) if (!live.has(key)) this.#entries.delete(key);
    for (const key of this.#wanted.keys()) if (!live.has(key)) this.#wanted.delete(key);
    this.#pump();
  }

  #pump(): void {
    while (this.#running < AT_ONCE) {
      const [next] = this.#wanted;
      if (!next) return;
      this.#wanted.delete(next[0]);
      this.#running++;
      void this.#read(next[0], next[1]).finally(() => {
        this.#running--;
        if (this.#wanted.size === 0) this.#changed();
        this.#pump();
      });
    }
  }

  async #read(key: string, identity: ProcessIdentity): Promise<void> {
    const folder = `${this.#root}/${identity.pid}`;
    const [stat, status, cgroup] = await Promise.all(FILES.map((file) => textOf(`${folder}/${file}`)));
    const uids = UIDS.exec(status!)?.slice(1).map(Number);
    const cmdline = this.#commandLines ? await this.#commandLine(`${folder}/cmdline`) : undefined;
    this.#entries.set(key, {
      comm: nameOf(identity),
      hasCommandLine: this.#commandLines,
      facts: {
        user: uids ? this.#accounts.user(uids[EFFECTIVE]!) : '',
        unit: unitOf(cgroup!),
        layout: layoutOf(stat!),
        ...(uids ? { uids } : {}),
        ...(cmdline ? { cmdline } : {}),
      },
    });
  }

  /** The words with spaces between them; '' for none. */
  async #commandLine(file: string): Promise<string> {
    if (this.#stuck >= MOST_STUCK) return '';
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, STUCK_MS, undefined);
    });
    const text = await Promise.race([textOf(file), late]);
    clearTimeout(timer);
    if (text === undefined) this.#stuck++;
    return (text ?? '').slice(0, LONGEST_COMMAND_LINE).replace(/\0+$/, '').replaceAll('\0', ' ');
  }
}

/** '' for a process whose addresses are hidden from us, and for one without memory. */
function layoutOf(stat: string): string {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const layout = LAYOUT_SPANS.flatMap(([from, to]) => fields.slice(from, to));
  return layout.some((address) => Number(address) > 1) ? layout.join(' ') : '';
}

function nameOf({ comm }: ProcessIdentity): string {
  return Buffer.from(comm).toString('latin1');
}

async function textOf(file: string): Promise<string> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, OPEN_FLAGS);
    const bytes = Buffer.alloc(MOST_BYTES);
    let length = 0;
    for (let got = 1; got > 0 && length < MOST_BYTES; length += got) {
      got = (await handle.read(bytes, length, MOST_BYTES - length, null)).bytesRead;
    }
    return bytes.toString('latin1', 0, length);
  } catch {
    // Gone, or not in a captured tree.
    return '';
  } finally {
    await handle?.close();
  }
}
