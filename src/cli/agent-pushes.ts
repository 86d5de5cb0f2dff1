/** Where the options of the agent say that it pushes. */
import { hostname } from 'node:os';
import type { LabelPair } from '../agent/push/label-pairs.js';
import type { PushKind, PushTarget } from '../agent/push/pusher.js';
import type { PushPlan } from '../agent/push/pushes.js';
import type { AgentSetUp } from './agent-settings.js';

export function pushPlans({ settings, authorizations }: AgentSetUp): PushPlan[] {
  const { remoteWrite, otlp, pushEvery, queueSize, host = hostname() } = settings;
  const plan = (kind: PushKind, url: URL, makeTarget: () => Promise<PushTarget>): PushPlan => ({
    ...{ kind, makeTarget, everyNs: pushEvery, queueBytes: queueSize },
    key: JSON.stringify([url.href, authorizations[kind], host, String(pushEvery), queueSize]),
  });
  const plans: PushPlan[] = [];
  // What each needs nobody else does, so it is loaded when it is used.
  if (remoteWrite) {
    const constant: LabelPair[] = [
      ['instance', host],
      ['job', 'tidemark'],
    ];
    const makeTarget = async () => {
      const { remoteWriteTo } = await import('../agent/push/remote-write.js');
      return remoteWriteTo(remoteWrite, authorizations['remote-write'], constant);
    };
    plans.push(plan('remote-write', remoteWrite, makeTarget));
  }
  if (otlp) {
    const makeTarget = async () => {
      const { otlpTo } = await import('../agent/push/otlp.js');
      return otlpTo(otlp, authorizations.otlp, host);
    };
    plans.push(plan('otlp', otlp, makeTarget));
  }
  return plans;
}
