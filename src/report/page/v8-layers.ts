/**
 * What the resident memory of a program was at each instant, from what V8 told ten times a second and from what the kernel told of
 * its mappings now and then: layers that add up to RSS.
 *
 * The traps: V8 counts memory that it has touched or taken, which may not be resident, and the mappings may have been read long ago.
 * RSS is what was measured at every tick: so where the parts come to more, the least certain give way; and what no part
 * explains is a layer as well.
 */
export const V8_LAYERS = [
  'Code and data',
  'Files and shared',
  'Stacks',
  'V8 heap, in use',
  'V8 heap, free',
  'External and array buffers',
  'Malloc beside them',
  'Not accounted for',
] as const;
export type V8Layer = (typeof V8_LAYERS)[number];

type Value = number | null | undefined;

/** Bytes at one instant; null or undefined: not known. */
export interface V8Instant {
  readonly rss: Value;
  readonly rssAnon: Value;
  readonly used: Value;
  readonly physical: Value;
  readonly external: Value;
  /** Of the last read of the mappings, or but for malloc the first one; all undefined where there was none. */
  readonly malloc: Value;
  readonly images: Value;
  readonly stacks: Value;
  readonly files: Value;
}

export type V8Amounts = Readonly<Record<V8Layer, number>>;

/** Undefined where RSS or the heap is not known. */
export function v8Amounts(at: V8Instant): V8Amounts | undefined {
  const { rss, used, physical, external } = at;
  if (typeof rss !== 'number' || typeof used !== 'number') return undefined;
  let left = rss;
  const take = (bytes: Value): number => {
    const taken = Math.max(0, Math.min(left, bytes ?? 0));
    left -= taken;
    return taken;
  };
  const areRead = typeof at.images === 'number';
  // The most certain first: what each finds left is all that it can have.
  const inUse = take(Math.min(used, physical ?? used));
  const images = take(areRead ? at.images : undefined);
  const stacks = take(areRead ? at.stacks : undefined);
  // Without mappings the kernel's counters tell at least what is not anonymous.
  const files = take(areRead ? at.files : typeof at.rssAnon === 'number' ? rss - at.rssAnon : undefined);
  const free = take(typeof physical === 'number' ? physical - inUse : undefined);
  const outside = take(external);
  const malloc = take(typeof at.malloc === 'number' ? Math.max(0, at.malloc - outside) : undefined);
  return {
    'V8 heap, in use': inUse,
    'V8 heap, free': free,
    'External and array buffers': outside,
    'Malloc beside them': malloc,
    'Code and data': images,
    Stacks: stacks,
    'Files and shared': files,
    'Not accounted for': left,
  };
}
