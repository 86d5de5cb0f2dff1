import { describe, expect, it } from 'vitest';
import { type GroupName, groupNameOf, shortContainerName, unitIn } from './group-name.js';

const ID = '0123456789abcdef'.repeat(4);
const INNER = 'fedcba9876543210'.repeat(4);
const POD = '11112222-3333-4444-5555-666677778888';
const POD_UNIT = POD.replaceAll('-', '_');

const CASES: [string, string, GroupName][] = [
  ['the root', '/', {}],
  ['a folder that nobody named', '/jobs/batch', {}],
  ['a service', '/system.slice/nginx.service', { unit: 'nginx.service' }],
  ['an escaped unit', '/system.slice/dev\\x2dmap.service', { unit: 'dev-map.service' }],
  ['a slice', '/user.slice/user-1000.slice', { unit: 'user-1000.slice' }],
  [
    'an application of a user',
    '/user.slice/user-1000.slice/user@1000.service/app.slice/app-x.scope',
    { unit: 'app-x.scope' },
  ],
  ['docker, cgroupfs', `/docker/${ID}`, { runtime: 'docker', containerId: ID }],
  [
    'docker, systemd',
    `/system.slice/docker-${ID}.scope`,
    { runtime: 'docker', containerId: ID, unit: `docker-${ID}.scope` },
  ],
  ['a container in a container', `/docker/${ID}/docker/${INNER}`, { runtime: 'docker', containerId: INNER }],
  [
    'systemd in a container',
    `/docker/${ID}/system.slice/cron.service`,
    { runtime: 'docker', containerId: ID, unit: 'cron.service' },
  ],
  ['podman', `/machine.slice/libpod-${ID}.scope`, { runtime: 'podman', containerId: ID, unit: `libpod-${ID}.scope` }],
  ['what podman watches with', `/machine.slice/libpod-conmon-${ID}.scope`, { unit: `libpod-conmon-${ID}.scope` }],
  ['a pod, cgroupfs, guaranteed', `/kubepods/pod${POD}`, { podUid: POD, qos: 'guaranteed' }],
  [
    'a container of it, cgroupfs, best effort',
    `/kubepods/besteffort/pod${POD}/${ID}`,
    { podUid: POD, qos: 'besteffort', containerId: ID },
  ],
  [
    'a pod, systemd, guaranteed',
    `/kubepods.slice/kubepods-pod${POD_UNIT}.slice`,
    { podUid: POD, qos: 'guaranteed', unit: `kubepods-pod${POD_UNIT}.slice` },
  ],
  [
    'containerd, systemd, burstable',
    `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${POD_UNIT}.slice/cri-containerd-${ID}.scope`,
    { runtime: 'containerd', containerId: ID, podUid: POD, qos: 'burstable', unit: `cri-containerd-${ID}.scope` },
  ],
  [
    'cri-o, systemd, best effort',
    `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${POD_UNIT}.slice/crio-${ID}.scope/container`,
    { runtime: 'cri-o', containerId: ID, podUid: POD, qos: 'besteffort', unit: `crio-${ID}.scope` },
  ],
  [
    'what cri-o watches with',
    `/kubepods.slice/kubepods-pod${POD_UNIT}.slice/crio-conmon-${ID}.scope`,
    { podUid: POD, qos: 'guaranteed', unit: `crio-conmon-${ID}.scope` },
  ],
  [
    'containerd without the driver of systemd',
    `/system.slice/containerd.service/kubepods-burstable-pod${POD_UNIT}.slice:cri-containerd:${ID}`,
    { runtime: 'containerd', containerId: ID, podUid: POD, qos: 'burstable', unit: 'containerd.service' },
  ],
  [
    'a static pod',
    '/kubepods/burstable/pod0123456789abcdef0123456789abcdef',
    { podUid: '0123456789abcdef0123456789abcdef', qos: 'burstable' },
  ],
  [
    'a cluster in a container',
    `/docker/${INNER}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod${POD_UNIT}.slice/cri-containerd-${ID}.scope`,
    { runtime: 'docker', containerId: ID, podUid: POD, qos: 'burstable', unit: `cri-containerd-${ID}.scope` },
  ],
  ['lxc', '/lxc.payload.web/init.scope', { runtime: 'lxc', containerId: 'web', unit: 'init.scope' }],
  ['a machine', '/machine.slice/machine-a\\x2db.scope', { containerId: 'a-b', unit: 'machine-a-b.scope' }],
];

describe('the name of a group', () => {
  it.each(CASES)('%s', (_what, path, name) => {
    expect(groupNameOf(path)).toEqual(name);
  });
});

describe('a container', () => {
  const HALF = ID.slice(32);

  it.each([
    ['of 32 digits', `/docker/${HALF}`, { runtime: 'docker', containerId: HALF }],
    ['of fewer', `/docker/${HALF.slice(1)}`, {}],
    ['of more', `/docker/${HALF}0`, {}],
    ['of 64 digits behind other digits', `/docker/0${ID}`, {}],
    ['with digits that are none', `/docker/${'g'.repeat(64)}`, {}],
    ['with words behind it', `/docker/${ID}x`, {}],
    ['with a colon before it', `/x:${ID}`, { containerId: ID }],
    ['that is a folder of another', `/docker/${ID}/${'a'.repeat(20)}`, { runtime: 'docker', containerId: ID }],
    ['of lxc by its older path', '/lxc/web/init', { runtime: 'lxc', containerId: 'web' }],
    ['of lxc itself', '/lxc.payload/web', { runtime: 'lxc', containerId: 'web' }],
    ['of lxc as a scope', '/lxc/web.scope', { runtime: 'lxc', containerId: 'web', unit: 'web.scope' }],
    ['in a machine', '/machine.slice/machine-web.scope/payload/a.b', { containerId: 'web', unit: 'machine-web.scope' }],
    ['of nobody, which is called like lxc', '/home/lxcweb', {}],
    ['of a machine that is none', '/machine.slice/other-web', { unit: 'machine.slice' }],
  ] as [string, string, GroupName][])('%s', (_what, path, name) => {
    expect(groupNameOf(path)).toEqual(name);
  });

  it.each([
    [`/docker/${ID}`, 'docker:0123456789ab'],
    [`/x:${HALF}`, 'container:0123456789ab'],
    ['/lxc/web', 'container:web'],
    ['/lxc/abc123', 'container:abc123'],
    [`/lxc/${'ab'.repeat(15)}`, `container:${'ab'.repeat(15)}`],
    [`/lxc/${'web-'.repeat(9)}end`, `container:${'web-'.repeat(9)}end`],
    [`/kubepods/pod${POD}`, 'pod:11112222'],
    [`/kubepods/pod${POD}/${ID}`, 'pod:11112222/0123456789ab'],
    ['/system.slice/a.service', undefined],
    ['/', undefined],
  ])('%s is called %s', (path, name) => {
    expect(shortContainerName(path)).toBe(name);
  });
});

describe('a unit', () => {
  it.each(['service', 'scope', 'socket', 'mount', 'swap', 'slice'])('may be a %s', (kind) => {
    expect(unitIn(`/a/b.${kind}/c`)).toBe(`b.${kind}`);
    expect(unitIn(`/a/b.${kind}s`)).toBeUndefined();
    expect(unitIn(`/a/b${kind}`)).toBeUndefined();
  });

  it('is the innermost one, and a slice only without another', () => {
    expect(unitIn('/a.slice/b.service/c.scope/d.slice')).toBe('c.scope');
    expect(unitIn('/a.slice/b.slice/c')).toBe('b.slice');
    expect(unitIn('/a\\x2db\\x40c.service')).toBe('a-b@c.service');
    expect(unitIn('/')).toBeUndefined();
  });
});

it('a pod is told by its id in either form, and by nothing that is only like one', () => {
  expect(groupNameOf(`/kubepods/burstable/pod${POD}/x`)).toEqual({ podUid: POD, qos: 'burstable' });
  expect(groupNameOf(`/kubepods-besteffort-pod${POD_UNIT}.slice`).qos).toBe('besteffort');
  expect(groupNameOf(`/burstable/pod${POD}`).qos).toBe('guaranteed');
  for (const odd of [POD.slice(1), POD.replace('-', 'x'), POD.replace('3333', '333')]) {
    expect(groupNameOf(`/kubepods/pod${odd}`)).toEqual({});
  }
});
