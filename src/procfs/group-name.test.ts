import { describe, expect, it } from 'vitest';
import { type GroupName, groupNameOf } from './group-name.js';

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
