/** What is shipped for Kubernetes: it is YAML that hangs together, and the agent runs with just what the manifests give it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { scratch } from '../recorder/workload.js';
import { byGroup, get, startAgentBy } from './agent-process.js';

const DEPLOY = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));
const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/agent/${name}`, import.meta.url));
const TOKEN = 'a-token-of-some-length';
const isRoot = process.geteuid?.() === 0;
const folder = scratch();
beforeAll(() => chmodSync(path.dirname(folder.file('x')), 0o755));
afterAll(() => folder[Symbol.dispose]());

// biome-ignore lint/suspicious/noExplicitAny: manifests are whatever Kubernetes wants them to be.
type Manifest = any;

function manifestsOf(file: string): Manifest[] {
  return parseAllDocuments(readFileSync(`${DEPLOY}/${file}`, 'utf8')).map((document) => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    return document.toJS();
  });
}

const manifests = manifestsOf('tidemark.yaml');
const ofKind = (kind: string) => manifests.find((manifest) => manifest.kind === kind);
const { template, selector } = ofKind('DaemonSet').spec;
const pod = template.spec;
const [agent] = pod.containers;
const config: string = ofKind('ConfigMap').data['agent.conf'];
const [patch] = manifestsOf('ptrace.yaml');
const [patched] = patch.spec.template.spec.containers;

/** The volumes of the pod as folders, and the words of its container with them in the place of the mounts. */
function wordsOn(root: string, user: number): string[] {
  const secret = `${root}/secret`;
  mkdirSync(secret, { recursive: true });
  // As the kubelet makes a volume of a secret, and an emptyDir, for a pod with fsGroup.
  for (const [name, from] of [
    ['tls.crt', 'localhost.crt'],
    ['tls.key', 'localhost.key'],
  ]) {
    copyFileSync(fixture(from!), `${secret}/${name}`);
  }
  writeFileSync(`${secret}/token`, `${TOKEN}\n`);
  const mode = pod.volumes.find(({ secret }: Manifest) => secret).secret.defaultMode;
  for (const name of ['tls.crt', 'tls.key', 'token']) {
    chmodSync(`${secret}/${name}`, mode);
    chownSync(`${secret}/${name}`, 0, user);
  }
  mkdirSync(`${root}/volume`);
  chmodSync(`${root}/volume`, 0o2777);
  const mounted = config
    .replaceAll('/etc/tidemark/secret', secret)
    .replace('/var/lib/tidemark', `${root}/volume`)
    .replace(/^size .*$/m, 'size = 8M')
    .replace(/^listen .*$/m, 'listen = 0.0.0.0:0');
  writeFileSync(`${root}/agent.conf`, mounted);
  return agent.args
    .slice(1)
    .map((word: string) => word.replace('/etc/tidemark/', `${root}/`).replace('$(NODE_NAME)', 'node-1'));
}

/** As a container runtime starts it: a user, and as root these capabilities. */
function asContainer(user: number, add: readonly string[] = []): string[] {
  const set = ['-all', ...add.map((name) => `+${name.toLowerCase()}`)].join(',');
  const only = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs'];
  return ['setpriv', ...only, '--inh-caps=-all', `--bounding-set=${set}`];
}

describe('the manifests', () => {
  it('hang together', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(agent.image).toBe(`tidemark:${version}`);
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    const names = pod.volumes.map(({ name }: Manifest) => name).sort();
    expect(agent.volumeMounts.map(({ name }: Manifest) => name).sort()).toEqual(names);
    const [port] = agent.ports;
    const { annotations } = template.metadata;
    expect(annotations['prometheus.io/port']).toBe(String(port.containerPort));
    expect(config).toMatch(new RegExp(`^listen +=.*:${port.containerPort}$`, 'm'));
    for (const probe of [agent.livenessProbe, agent.readinessProbe]) expect(probe.httpGet.port).toBe(port.name);
    for (const [, file] of config.matchAll(/= (\/etc\/\S+|\/var\/\S+)$/gm)) {
      const under = ({ mountPath }: Manifest) => file!.startsWith(`${mountPath}/`);
      expect(agent.volumeMounts.some(under), file).toBe(true);
    }
  });

  it('give no privilege but to see processes', () => {
    expect(pod).toMatchObject({ hostPID: true, automountServiceAccountToken: false });
    expect([pod.hostNetwork, pod.hostIPC]).toEqual([undefined, undefined]);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true });
    expect(agent.securityContext).toEqual({
      ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
    });
    expect(patched.name).toBe(agent.name);
    expect(patched.securityContext.capabilities).toEqual({ drop: ['ALL'], add: ['SYS_PTRACE'] });
    const paths = pod.volumes.flatMap(({ hostPath }: Manifest) => (hostPath ? [hostPath.path] : []));
    expect(paths).toEqual(['/sys/fs/cgroup']);
    expect(agent.volumeMounts.find(({ name }: Manifest) => name === 'cgroup').readOnly).toBe(true);
  });

  it('have a scrape job that Prometheus takes', () => {
    const secret = folder.file('prometheus-secret');
    mkdirSync(secret);
    copyFileSync(fixture('localhost.crt'), `${secret}/tls.crt`);
    writeFileSync(`${secret}/token`, TOKEN);
    const [{ scrape_configs }] = manifestsOf('prometheus.yml');
    const [{ kubernetes_sd_configs, ...job }] = scrape_configs;
    expect(kubernetes_sd_configs).toEqual([
      { role: 'pod', namespaces: { names: [ofKind('DaemonSet').metadata.namespace] } },
    ]);
    // Debian's Prometheus finds no pods: it is built without.
    const known = stringify({ scrape_configs: [{ ...job, static_configs: [{ targets: ['127.0.0.1:9485'] }] }] });
    const copy = folder.file('prometheus.yml');
    writeFileSync(copy, known.replaceAll('/etc/prometheus/tidemark', secret));
    expect(execFileSync('promtool', ['check', 'config', copy], { encoding: 'utf8' })).toContain('is valid');
    expect(scrape_configs[0].scheme).toBe(template.metadata.annotations['prometheus.io/scheme']);
  });
});

describe.skipIf(!isRoot)('the container', () => {
  const user = pod.securityContext.runAsUser;
  const root = patch.spec.template.spec.securityContext.runAsUser;

  it.concurrent.each([
    { name: 'without privileges', as: user, prefix: asContainer(user), seesOthers: false },
    {
      name: 'as patched',
      as: root,
      prefix: asContainer(root, patched.securityContext.capabilities.add),
      seesOthers: true,
    },
  ])('runs $name, and its probes are answered', async ({ as, prefix, seesOthers }) => {
    const volumes = folder.file(`volumes-${as}`);
    mkdirSync(volumes);
    const words = wordsOn(volumes, as);
    await using started = await startAgentBy(
      prefix,
      ...words,
      '--group',
      'comm',
      '--budget',
      '20%',
      '--listen',
      '127.0.0.1:0',
    );
    const at = (asked: string, headers = {}) => get(`${started.origin}${asked}`, headers);
    expect(new URL(started.origin).protocol).toBe('https:');
    for (const probe of [agent.livenessProbe, agent.readinessProbe]) {
      expect((await at(probe.httpGet.path)).status).toBe(200);
    }
    expect((await at('/metrics')).status).toBe(401);
    const metrics = async () => (await at('/metrics', { Authorization: `Bearer ${TOKEN}` })).body.toString();
    const others = () => byGroup(text, 'process_group_resident_memory_bytes').size;
    const withPss = () => byGroup(text, 'process_group_pss_bytes').size;
    let text = await metrics();
    for (let tries = 0; others() < 3 || withPss() < (seesOthers ? 3 : 2); tries++) {
      if (tries > 100) expect.fail(text);
      await new Promise((resolve) => setTimeout(resolve, 200));
      text = await metrics();
    }
    expect(text).toContain('host="node-1"');
    const denied = Number(/^tidemark_processes_without_pss\{[^}]*\} (\d+)$/m.exec(text)![1]);
    if (!seesOthers) expect(denied).toBeGreaterThan(0);
    expect(await started.end()).toBe(0);
  });
});
