/** Where the agent is asked: a server that may get another token, certificate or address while the agent runs. */
import type { Agent } from '../agent/agent.js';
import { answerOf, isOpenPath } from '../agent/answers.js';
import { type ListenAddress, NetworkServer, type ServerSecrets } from '../http/network-server.js';
import { escapeTerminal } from '../text/escape.js';
import { CommandError, exitCodeOf, reasonOf } from './command-error.js';

export class AgentServer implements AsyncDisposable {
  private constructor(
    private readonly agent: Agent,
    private server: NetworkServer,
    private address: ListenAddress,
    private secrets: ServerSecrets,
  ) {}

  /** Rejects with a sentence when the address cannot be had. */
  static async start(agent: Agent, address: ListenAddress, secrets: ServerSecrets): Promise<AgentServer> {
    return new AgentServer(agent, await listen(agent, address, secrets), address, secrets);
  }

  /** Where it is reached, without a path. */
  get origin(): string {
    return this.server.origin;
  }

  /** Rejects as `start` does, and goes on as before then. */
  async change(address: ListenAddress, secrets: ServerSecrets): Promise<void> {
    const isSamePort = address.port === this.address.port;
    const isSameAddress = isSamePort && address.host === this.address.host;
    if (isSameAddress && (secrets.tls === undefined) === (this.secrets.tls === undefined)) {
      this.server.renew(secrets);
      this.secrets = secrets;
      return;
    }
    // The same port can be had only once.
    if (isSamePort && address.port !== 0) await this.server[Symbol.asyncDispose]();
    try {
      const next = await listen(this.agent, address, secrets);
      await this.server[Symbol.asyncDispose]();
      [this.server, this.address, this.secrets] = [next, address, secrets];
    } catch (error) {
      if (isSamePort && address.port !== 0) this.server = await listen(this.agent, this.address, this.secrets);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

async function listen(agent: Agent, address: ListenAddress, secrets: ServerSecrets): Promise<NetworkServer> {
  try {
    return await NetworkServer.start(address, secrets, isOpenPath, (request, hasToken) =>
      answerOf(agent, request, hasToken),
    );
  } catch (error) {
    const at = escapeTerminal(`${address.host}:${address.port}`);
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'somebody listens there already' : reasonOf(error);
    throw new CommandError(`--listen: cannot listen on ${at}: ${why}`, exitCodeOf(error));
  }
}
