/** All targets, in the order in which they run. */
import path from 'node:path';
import { ROOT } from '../torture/root.js';
import { runConfigFiles } from './agent-files.js';
import { runAgentRequests } from './agent-requests.js';
import { buildFuzzer } from './build-fuzzer.js';
import type { FuzzTarget } from './fuzz-target.js';
import { runHostileHeaders, runHostileRecordings, runHostileRings } from './hostile-rings.js';
import { runKernelTexts } from './kernel-texts.js';
import { NATIVE_TARGETS, type NativeTarget, runNative } from './native-targets.js';
import { runStoreAnswers } from './store-answers.js';
import { runTwins, TWINS, type Twin } from './twins.js';

/** Where inputs and findings of long runs are kept, from one run to the next. */
export const FOLDER = path.join(ROOT, 'out/fuzz');

let program: Promise<string> | undefined;

/** The program of the native targets, built once. */
export function nativeProgram(): Promise<string> {
  program ??= buildFuzzer(path.join(FOLDER, 'build'));
  return program;
}

export const TARGETS: readonly FuzzTarget[] = [
  ...NATIVE_TARGETS.map(ofLibFuzzer),
  ...TWINS.map(ofTwins),
  {
    name: 'kernel-texts',
    says: 'kernel text that TypeScript alone reads, and objects for people: read or refused in words, nothing else',
    run: runKernelTexts,
  },
  {
    name: 'config',
    says: 'any file of settings for the agent: nothing is thrown, what is wrong is told by its line and in plain text',
    run: runConfigFiles,
  },
  {
    name: 'store-answers',
    says: 'any answer of a store to a push: one outcome, in time, and never sent unless it was taken',
    run: runStoreAnswers,
  },
  {
    name: 'agent-requests',
    says: 'any bytes for the port of an agent: it goes on, and tells nothing to whoever does not know the token',
    run: runAgentRequests,
  },
  {
    name: 'rings',
    says: 'frames that are wrong under checksums that are right: the reader ends, and all other blocks are read as written',
    run: runHostileRings,
  },
  {
    name: 'ring-headers',
    says: 'headers of any text under checksums that are right: refused or read',
    run: runHostileHeaders,
  },
  {
    name: 'recordings',
    says: 'recordings with such frames or such a header, asked everything: answered or refused',
    run: runHostileRecordings,
  },
];

function ofLibFuzzer(target: NativeTarget): FuzzTarget {
  return {
    name: target.name,
    says: 'libFuzzer with ASan and UBSan: in bounds, the same before every padding, and in pieces what it is as a whole',
    run: async (context) => runNative(target, { ...context, program: await nativeProgram(), folder: FOLDER }),
  };
}

function ofTwins(twin: Twin): FuzzTarget {
  return {
    name: `twins-${twin}`,
    says: 'what libFuzzer found, and mutations of it, for C++ and TypeScript: the same values, bit for bit',
    run: (context) => runTwins(twin, context, FOLDER),
  };
}
