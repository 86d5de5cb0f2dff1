/** What the page is told of V8: shared by the maker and the page, so it uses neither Node nor the DOM. */

/** In the order of the file: objects, what of the heap has been touched, what is committed, and what is held outside of it. */
export const HEAP_SERIES = ['used', 'physical', 'committed', 'external'] as const;
export type HeapSeries = (typeof HEAP_SERIES)[number];

/** Nanoseconds that one step of a stored pause stands for. */
export const PAUSE_QUANTUM = 1000;
