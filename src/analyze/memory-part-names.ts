/** What the resident memory of a Node program is made of; the page of a report has this list too. */
export const MEMORY_PARTS = [
  'v8 heap',
  'v8 code',
  'external',
  'malloc beside it',
  'code and data',
  'stacks',
  'files and shared',
  'other',
] as const;
export type MemoryPart = (typeof MEMORY_PARTS)[number];
