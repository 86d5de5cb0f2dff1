/** The same request again and again, some at a time, over connections that are kept. */
import { Agent, get as httpGet } from 'node:http';
import { get as httpsGet, Agent as SecureAgent } from 'node:https';

export class Requests {
  readonly #agent: Agent;

  constructor(
    private readonly url: URL,
    private readonly concurrency: number,
  ) {
    const options = { keepAlive: true, maxSockets: concurrency };
    this.#agent = url.protocol === 'https:' ? new SecureAgent(options) : new Agent(options);
  }

  /** `made` is told of each that was answered. */
  async send(requests: number, made: () => void): Promise<void> {
    let left = requests;
    const oneAfterTheOther = async () => {
      while (left-- > 0) {
        await this.#one();
        made();
      }
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
