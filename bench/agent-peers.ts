/**
 * Other programs that tell what processes use, running as their packages run them: process-exporter, and the plugin of netdata
 * that it starts once for the processes.
 *
 * The traps: a peer works when it is asked, or by its own clock, so how often it looked is counted and not assumed; and by default
 * each reads other files, so each runs with its defaults and once more with as little as it can.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuMsOf } from './process-cost.js';

export interface Peer extends AsyncDisposable {
  readonly name: string;
  readonly reads: string;
  /** Milliseconds of CPU time so far. */
  cpuMs(): number;
  /** Has it look once more, where it looks only when asked. */
  ask(): Promise<void>;
  /** How often it has looked at every process. */
  looks(): number;
}

const EXPORTER = 'prometheus-process-exporter';
const PLUGIN = 'apps.plugin';
const PLUGIN_FOLDERS = ['/usr/lib/netdata/plugins.d', '/usr/libexec/netdata/plugins.d'];

/** What is installed here; what is not is said to `note`. */
export async function startPeers(folder: string, note: (sentence: string) => void): Promise<Peer[]> {
  const peers: Peer[] = [];
  if (spawnSync(EXPORTER, ['-version']).error) note(`${EXPORTER} is left out: apt-get install ${EXPORTER}`);
  else {
    peers.push(await startExporter(folder, 'process-exporter', [], 'stat, status, io, fd, smaps, threads'));
    const least = ['-gather-smaps=false', '-threads=false'];
    peers.push(
      await startExporter(folder, 'process-exporter without smaps and threads', least, 'stat, status, io, fd'),
    );
  }
  const plugin = findPlugin();
  if (plugin === undefined)
    note(`netdata's ${PLUGIN} is left out: apt-get install netdata-core, or APPS_PLUGIN=its path`);
  else {
    peers.push(startPlugin(plugin, `netdata ${PLUGIN}`, [], 'stat, status, io, fd, every second'));
    peers.push(
      startPlugin(plugin, `netdata ${PLUGIN} without files`, ['without-files'], 'stat, status, io, every second'),
    );
  }
  return peers;
}

/** Processes as the peers see them, threads of the kernel among them. */
export function countProcesses(): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
}

async function startExporter(folder: string, name: string, words: readonly string[], reads: string): Promise<Peer> {
  const config = path.join(folder, 'process-exporter.yml');
  writeFileSync(config, `process_names: [{ name: "{{.Comm}}", cmdline: ['.+'] }]\n`);
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  const address = `127.0.0.1:${port}`;
  const all = [`-config.path=${config}`, `-web.listen-address=${address}`, ...words];
  const child = spawn(EXPORTER, all, { stdio: 'ignore' });
  const closed = once(child, 'close');
  let looks = 0;
  const ask = async () => {
    const response = await fetch(`http://${address}/metrics`);
    const text = await response.text();
    if (!text.includes('namedprocess_namegroup_num_procs{')) throw new Error(`${name} tells of no processes`);
    looks++;
  };
  for (let tries = 0; ; tries++) {
    try {
      await ask();
      break;
    } catch (error) {
      if (tries > 50 || child.exitCode !== null) throw error;
      await pause(100);
    }
  }
  return {
    ...{ name, reads, ask },
    cpuMs: () => cpuMsOf(child.pid!, true),
    looks: () => looks,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

function findPlugin(): string | undefined {
  const candidates = [process.env.APPS_PLUGIN, ...PLUGIN_FOLDERS.map((folder) => path.join(folder, PLUGIN))];
  return candidates.find((file) => file !== undefined && existsSync(file));
}

function startPlugin(plugin: string, name: string, words: readonly string[], reads: string): Peer {
  // Where it was unpacked and not installed, its list of groups lies beside it; without one it ends.
  const stock = path.join(path.dirname(plugin), '..', 'conf.d');
  const child = spawn(plugin, ['1', ...words], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...(existsSync(stock) ? { NETDATA_STOCK_CONFIG_DIR: stock } : {}) },
  });
  const closed = once(child, 'close');
  let looks = 0;
  let rest = '';
  child.stdout.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    looks += lines.filter((line) => line.startsWith('BEGIN apps.cpu ')).length;
  });
  return {
    ...{ name, reads },
    ask: async () => {},
    cpuMs: () => cpuMsOf(child.pid!, true),
    looks: () => looks,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
