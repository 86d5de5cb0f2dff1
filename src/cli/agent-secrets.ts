/**
 * The token and the certificate of the agent, read once from files: nothing secret is ever on a command line, which everybody
 * on a host can read.
 */
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { PushKind } from '../agent/push/pusher.js';
import { isLoopback, type ListenAddress, type ServerSecrets } from '../http/network-server.js';
import { escapeTerminal } from '../text/escape.js';
import { reasonOf } from './command-error.js';

export interface SecretFiles {
  readonly listen: ListenAddress;
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly remoteWriteToken?: string;
  readonly otlpToken?: string;
}

const LEAST_TOKEN = 16;
const READABLE_BY_OTHERS = 0o007;

/** What the files hold, and all that is wrong, in sentences that begin with an option. */
export function readSecrets(files: SecretFiles): {
  readonly secrets: ServerSecrets;
  /** The headers for those that are pushed to. */
  readonly authorizations: Readonly<Record<PushKind, string | undefined>>;
  readonly errors: string[];
} {
  const errors: string[] = [];
  const { listen, tokenFile, tlsCert, tlsKey } = files;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    errors.push('--tls-cert and --tls-key: give both or none');
  }
  if (!isLoopback(listen.host) && (tokenFile === undefined || tlsCert === undefined)) {
    const where = listen.host === '' ? 'every address' : listen.host;
    errors.push(
      `--listen: others than this machine could ask at ${escapeTerminal(where)}; that needs --token-file, --tls-cert and ` +
        '--tls-key, or listen on 127.0.0.1',
    );
  }
  const token = tokenFile === undefined ? undefined : readToken(tokenFile, errors);
  const cert = tlsCert === undefined ? undefined : readSecret('--tls-cert', tlsCert, errors);
  const key = tlsKey === undefined ? undefined : readSecret('--tls-key', tlsKey, errors);
  if (cert && key) checkPair(cert, key, errors);
  return {
    authorizations: {
      'remote-write': authorizationOf('--remote-write-token', files.remoteWriteToken, errors),
      otlp: authorizationOf('--otlp-token', files.otlpToken, errors),
    },
    secrets: { ...(token === undefined ? {} : { token }), ...(cert && key ? { tls: { cert, key } } : {}) },
    errors,
  };
}

function readToken(file: string, errors: string[]): string | undefined {
  const text = readSecret('--token-file', file, errors)?.toString('utf8').trim();
  if (text === undefined) return undefined;
  const wrong = (why: string) => {
    errors.push(`--token-file: ${escapeTerminal(file)} ${why}`);
    return undefined;
  };
  if (!/^[\x21-\x7e]+$/.test(text)) return wrong('holds no token: one word of ASCII characters');
  if (text.length < LEAST_TOKEN) return wrong(`holds a token of fewer than ${LEAST_TOKEN} characters`);
  if ((statSync(file).mode & READABLE_BY_OTHERS) !== 0) return wrong('can be read by everybody: chmod o-rwx it');
  return text;
}

/** A word is a bearer token; with a colon in it, it is name and password. */
function authorizationOf(option: string, file: string | undefined, errors: string[]): string | undefined {
  const text = file === undefined ? undefined : readSecret(option, file, errors)?.toString('utf8').trim();
  if (text === undefined) return undefined;
  if (text.includes(':')) return `Basic ${Buffer.from(text).toString('base64')}`;
  if (/^[\x21-\x7e]+$/.test(text)) return `Bearer ${text}`;
  errors.push(`${option}: ${escapeTerminal(file!)} holds no token, nor NAME:PASSWORD`);
  return undefined;
}

function readSecret(option: string, file: string, errors: string[]): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    errors.push(`${option}: cannot read ${escapeTerminal(file)}: ${reasonOf(error)}`);
    return undefined;
  }
}

function checkPair(cert: Buffer, key: Buffer, errors: string[]): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    errors.push(`--tls-cert and --tls-key: ${escapeTerminal((error as Error).message)}`);
  }
}
