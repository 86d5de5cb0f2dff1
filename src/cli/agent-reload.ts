/**
 * SIGHUP: the file of the agent, and the files with its secrets, are read again, and what can change without a new recording
 * changes.
 *
 * The traps: a file that is half written or wrong must change nothing at all; what only a new recording can have is said and
 * left; and signals may come in a row, so one reading is done at a time and what came meanwhile is one more.
 */
import type { Agent } from '../agent/agent.js';
import { escapeTerminal } from '../text/escape.js';
import { capturingOf, tellingOf } from './agent-parts.js';
import { pushPlans } from './agent-pushes.js';
import type { AgentServer } from './agent-server.js';
import { type AgentSetUp, differences } from './agent-settings.js';
import { CommandError, reasonOf } from './command-error.js';

export class Reload {
  readonly #started: AgentSetUp;
  #isBusy = false;
  #isAsked = false;

  /** `read` throws all that is wrong; `current`: what the agent was started with. */
  constructor(
    private readonly agent: Agent,
    private readonly server: AgentServer,
    private current: AgentSetUp,
    private readonly read: () => AgentSetUp,
    private readonly warn: (sentence: string) => void,
  ) {
    this.#started = current;
  }

  /** Never rejects: what goes wrong is told. */
  async again(): Promise<void> {
    this.#isAsked = true;
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#isAsked) {
      this.#isAsked = false;
      this.agent.reloaded(await this.#once());
    }
    this.#isBusy = false;
  }

  /** Whether all could be done. */
  async #once(): Promise<boolean> {
    const { origin } = this.server;
    const before = this.current.settings;
    try {
      await this.#change(this.read());
    } catch (error) {
      for (const sentence of sentenceOf(error).split('\n')) this.warn(sentence);
      this.warn('the configuration stays as it was');
      return false;
    }
    const isPushing = await this.#push();
    const { settings } = this.current;
    const { fixed } = differences(this.#started.settings, settings);
    if (fixed.length > 0) this.warn(`not changed before the next start: ${fixed.join(', ')}`);
    if (this.server.origin !== origin) this.warn(`${this.server.origin}/metrics`);
    const { changed } = differences(before, settings);
    this.warn(`the configuration was read again; changed: ${changed.join(', ') || 'no setting'}`);
    return isPushing;
  }

  async #push(): Promise<boolean> {
    try {
      await this.agent.pushTo(pushPlans(this.current));
      return true;
    } catch (error) {
      this.warn(`--ring: cannot keep what is to be pushed: ${escapeTerminal(reasonOf(error))}`);
      return false;
    }
  }

  /** All or nothing. */
  async #change(next: AgentSetUp): Promise<void> {
    this.agent.captureOn(capturingOf(next.settings));
    try {
      await this.server.change(next.settings.listen, next.secrets);
    } catch (error) {
      this.agent.captureOn(capturingOf(this.current.settings));
      throw error;
    }
    this.agent.tellBy(tellingOf(next.settings));
    this.current = next;
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof CommandError ? error.message : escapeTerminal((error as Error).message);
}
