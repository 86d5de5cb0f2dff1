import { describe, expect, it } from 'vitest';
import { parseCgroups, unitOf } from './cgroup.js';

const ID = '0123456789abcdef'.repeat(4);

it('has a line for each hierarchy', () => {
  expect(parseCgroups('4:memory:/a\n1:cpu,cpuacct:/b:c\n0::/\nnot one\n')).toEqual([
    { controllers: 'memory', path: '/a' },
    { controllers: 'cpu,cpuacct', path: '/b:c' },
    { controllers: '', path: '/' },
  ]);
  expect(parseCgroups('x1:cpu:/a\n12:cpu:/b\n3:cpu:c\n4:cpu\n:cpu:/d\n')).toEqual([{ controllers: 'cpu', path: '/b' }]);
});

describe('the unit or container', () => {
  it.each([
    ['of systemd', '0::/system.slice/nginx.service\n', 'nginx.service'],
    ['below a template', '0::/system.slice/system-getty.slice/getty@tty1.service\n', 'getty@tty1.service'],
    ['with an escaped name', '0::/system.slice/dev\\x2dmap.service\n', 'dev-map.service'],
    ['of a user', '0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope\n', 'app-x.scope'],
    ['that is only a slice', '0::/user.slice/user-1000.slice\n', 'user-1000.slice'],
    ['below a unit', '0::/system.slice/a.service/payload\n', 'a.service'],
    ['of version 1', '4:memory:/other\n1:name=systemd:/system.slice/cron.service\n0::/\n', 'cron.service'],
    ['of docker by systemd', `0::/system.slice/docker-${ID}.scope\n`, 'docker:0123456789ab'],
    ['of docker by cgroupfs', `4:memory:/docker/${ID}\n0::/\n`, 'docker:0123456789ab'],
    ['of podman', `0::/machine.slice/libpod-${ID}.scope/container\n`, 'podman:0123456789ab'],
    [
      'of a pod by systemd',
      `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod11112222_3333_4444_5555_666677778888.slice/cri-containerd-${ID}.scope\n`,
      'pod:11112222/0123456789ab',
    ],
    [
      'of a pod by cgroupfs',
      `4:memory:/kubepods/besteffort/pod11112222-3333-4444-5555-666677778888/${ID}\n`,
      'pod:11112222/0123456789ab',
    ],
    ['of a pod itself', '0::/kubepods/pod11112222-3333-4444-5555-666677778888\n', 'pod:11112222'],
    ['of containerd', `0::/system.slice/containerd.service/x:cri-containerd:${ID}\n`, 'containerd:0123456789ab'],
    ['of a container that nobody names', `0::/${ID}\n`, 'container:0123456789ab'],
    ['of lxc', '0::/lxc.payload.web/init.scope\n', 'container:web'],
    ['of nobody', '4:memory:/jobs/batch\n0::/\n', 'batch'],
    ['of version 2 before all', '3:pids:/p.service\n1:name=systemd:/s.service\n0::/two.service\n', 'two.service'],
    ['of systemd before others', '3:pids:/p.service\n1:name=systemd:/s.service\n', 's.service'],
    ['of others at last', '12:pids:/p.service\n1:name=systemd:/\n0::/\n', 'p.service'],
    ['that is called as if it had gone', '0::/a (deleted) b.service\n', 'a (deleted) b.service'],
    ['that goes up', '0::/a/..\n', '..'],
    ['that goes down from above', '0::/../a\n', 'a'],
    ['that has gone', '0::/system.slice/old.service (deleted)\n', 'old.service'],
    ['of the root', '0::/\n', ''],
    ['of the root, told to a container', '0::/../../..\n', ''],
    ['of nothing', '', ''],
  ])('%s', (_name, text, unit) => {
    expect(unitOf(text)).toBe(unit);
  });
});
