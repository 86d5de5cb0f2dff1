/**
 * Which part of a program's memory explains its growth: of programs that told of their V8.
 *
 * The traps: parts that the kernel knows are read now and then, and what V8 calls external lies in what malloc has; and the largest
 * part need not explain anything, so it is named only when at least half of the growth is its own.
 */
import { MEMORY_PARTS, type MemoryPart } from '../analyze/memory-parts.js';
import { formatSize } from '../text/size.js';
import type { Course } from './course.js';
import { meanOf } from './mean.js';
import type { Space } from './space-collector.js';
import type { V8Memory } from './v8-collector.js';

export interface GrownEvidence {
  /** By `identityKey`. */
  readonly v8: ReadonlyMap<string, V8Memory>;
  readonly spaces: ReadonlyMap<string, Space>;
}

export interface GrownPart {
  /** `its V8 heap in use`. */
  readonly name: string;
  /** A sentence with figures. */
  readonly text: string;
}

interface Grown {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

const SHARE_THAT_EXPLAINS = 0.5;
const NAMES: Partial<Record<MemoryPart, string>> = {
  'malloc beside it': 'memory of malloc beside what V8 knows of',
  'code and data': 'its code and data',
  stacks: 'its stacks',
  'files and shared': 'files and shared memory',
  other: 'anonymous memory that nobody is known to own',
};

/** `by`: bytes that the process grew by between the first and the last quarter of these buckets. */
export function grownPart(
  { v8, spaces }: GrownEvidence,
  key: string,
  firstBucket: number,
  lastBucket: number,
  by: number,
): GrownPart | undefined {
  const memory = v8.get(key);
  if (!memory) return undefined;
  const quarter = (lastBucket - firstBucket) / 4;
  const grownOf = (name: string, course: Course | undefined, less?: Course): Grown[] => {
    if (!course) return [];
    const at = (begin: number) =>
      meanOf(course, begin, begin + quarter) - (less ? meanOf(less, begin, begin + quarter) : 0);
    const [from, to] = [at(firstBucket), at(lastBucket - quarter)];
    return Number.isNaN(to - from) ? [] : [{ name, from: Math.max(0, from), to: Math.max(0, to) }];
  };
  const { used, physical, external } = memory.heap;
  const parts = spaces.get(key)?.parts ?? [];
  const grown = [
    ...grownOf('its V8 heap in use', used),
    ...grownOf('what its V8 heap keeps free', physical, used),
    ...grownOf('external memory and array buffers', external),
    ...MEMORY_PARTS.flatMap((part, place) => {
      const name = NAMES[part];
      return name === undefined ? [] : grownOf(name, parts[place], part === 'malloc beside it' ? external : undefined);
    }),
  ];
  const most = largestOf(grown);
  if (!most || most.to - most.from < SHARE_THAT_EXPLAINS * by) return undefined;
  const inHeap = most.name === 'its V8 heap in use' ? spaceOf(memory, grownOf) : '';
  const figures = `from ${formatSize(most.from)} to ${formatSize(most.to)}`;
  return { name: most.name, text: `Most of that is ${most.name}: ${figures} on average${inHeap}.` };
}

/** The space of the heap that grew most. */
function spaceOf(memory: V8Memory, grownOf: (name: string, course: Course) => Grown[]): string {
  const most = largestOf([...memory.spaces].flatMap(([name, { used }]) => grownOf(name, used)));
  return most ? `, most of it in the space ${most.name.replaceAll('_', ' ')}` : '';
}

function largestOf(grown: readonly Grown[]): Grown | undefined {
  return grown.reduce<Grown | undefined>(
    (best, one) => (best && best.to - best.from >= one.to - one.from ? best : one),
    undefined,
  );
}
