/** What the options of the agent come to for its parts: those that may change while it runs. */
import type { CapturingOptions } from '../agent/agent.js';
import { triggersOf } from '../agent/capture-triggers.js';
import type { TellingOptions } from '../agent/groups-told.js';
import type { AgentSettings } from './agent-options.js';

export function tellingOf({ group, series, compat, groups, window, host }: AgentSettings): TellingOptions {
  return {
    ...{ by: group, series: compat ?? series, windowNs: window },
    ...(groups === undefined ? {} : { mostGroups: groups }),
    ...(host === undefined ? {} : { host }),
  };
}

/** Captures are cut by a program of its own: this one. */
export function capturingOf(settings: AgentSettings): CapturingOptions {
  const { captureOn, captureLast, captureEvery, capturesSize, upload } = settings;
  return {
    triggers: triggersOf(captureOn),
    captures: {
      tidemark: [process.execPath, process.argv[1]!],
      ...{ lastNs: captureLast, everyNs: captureEvery, mostBytes: capturesSize },
      ...(upload === undefined ? {} : { upload: [upload[0]!, ...upload.slice(1)] }),
    },
  };
}
