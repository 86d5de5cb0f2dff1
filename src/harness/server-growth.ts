/**
 * The growth of another process while it is made to work: a server under requests, or whatever a function does to it.
 *
 * The trap: nobody can force a collection over there, and its heap goes up and down by more than what a leak adds in a round; so of
 * each round the least resident memory counts, which only what stays raises.
 */
import { Agent, get as httpGet } from 'node:http';
import { get as httpsGet, Agent as SecureAgent } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { readStatm } from '../procfs/read.js';
import { type Growth, growthOf } from './growth.js';
import { GrowthSeries } from './growth-series.js';
import type { GrowthPlan } from './measure-growth.js';
import { serverOf } from './server-process.js';

/** Looks in a round: a heap is full at one and just collected at another. */
const PARTS = 8;
/** Reads of mappings that did not answer in time, of a process that is busy with them itself. */
const MOST_TRIES = 40;
const TRY_AGAIN_MS = 50;

export async function serverGrowth(
  what: (() => unknown) | URL,
  plan: GrowthPlan,
  given: number | undefined,
  concurrency: number,
): Promise<Growth> {
  const pid = given ?? serverOf(what as URL);
  if (pid === process.pid)
    throw new TypeError('Expected a process other than this one: give measureGrowth the function');
  const { iterations, rounds, warmup } = plan;
  const load = what instanceof URL ? new Requests(what, concurrency) : undefined;
  const resident = new Float64Array(rounds);
  const mappings = new GrowthSeries(pid, rounds);
  const parts = Math.min(PARTS, iterations);
  try {
    await takeAnswered(mappings, -1);
    for (let round = -warmup; round < rounds; round++) {
      let least = Number.POSITIVE_INFINITY;
      for (let part = 0; part < parts; part++) {
        const calls = Math.floor(((part + 1) * iterations) / parts) - Math.floor((part * iterations) / parts);
        if (load) await load.send(calls);
        else for (let call = 0; call < calls; call++) await (what as () => unknown)();
        const now = residentOf(pid);
        if (now >= least) continue;
        least = now;
        // Of the same instant, so that the parts are those of the sum.
        if (round >= 0) await takeAnswered(mappings, round);
      }
      if (round >= 0) resident[round] = least;
    }
  } finally {
    load?.close();
  }
  const malloc = { reason: 'only a process itself can ask its malloc' };
  return growthOf({ ...plan, resident, mappings, malloc });
}

async function takeAnswered(mappings: GrowthSeries, round: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      mappings.take(round);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ETIMEDOUT' || attempt === MOST_TRIES) throw error;
      await pause(TRY_AGAIN_MS);
    }
  }
}

function residentOf(pid: number): number {
  const statm = readStatm(pid);
  if (statm.status === 'ok') return Number(statm.value.resident);
  throw Object.assign(new Error(`Cannot measure process ${pid}: ${statm.reason}`), { code: 'target-not-found' });
}

/** The same request again and again, some at a time, over connections that are kept. */
class Requests {
  readonly #agent: Agent;

  constructor(
    private readonly url: URL,
    private readonly concurrency: number,
  ) {
    const options = { keepAlive: true, maxSockets: concurrency };
    this.#agent = url.protocol === 'https:' ? new SecureAgent(options) : new Agent(options);
  }

  async send(requests: number): Promise<void> {
    let left = requests;
    const oneAfterTheOther = async () => {
      while (left-- > 0) await this.#one();
    };
    await Promise.all(Array.from({ length: Math.min(this.concurrency, requests) }, oneAfterTheOther));
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Resolves when the answer has been read. An answer that is no success would measure something else. */
  #one(): Promise<void> {
    const get = this.url.protocol === 'https:' ? httpsGet : httpGet;
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => reject(new Error(`Cannot measure ${this.url.href}: ${error.message}`));
      get(this.url, { agent: this.#agent }, (response) => {
        const { statusCode = 0 } = response;
        response.resume();
        response.once('error', failed);
        response.once('end', () =>
          statusCode < 400 ? resolve() : failed(new Error(`the server answered ${statusCode}`)),
        );
      }).once('error', failed);
    });
  }
}
