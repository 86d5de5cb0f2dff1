/**
 * Colours of the mapping classes: a hue for each kind of memory, told apart by lightness within it.
 *
 * The trap: colour alone tells nobody who cannot see it; each class is named in a legend and in a table.
 */
import { MAPPING_CLASSES, type MappingClass } from '../../analyze/mapping-classes.js';

/** Hue, chroma, lightness. */
const COLORS: Record<MappingClass, readonly [hue: number, saturation: number, lightness: number]> = {
  text: [215, 75, 38],
  rodata: [215, 60, 54],
  data: [205, 80, 64],
  bss: [195, 65, 50],
  heap: [22, 90, 52],
  stack: [140, 55, 36],
  'thread-stack': [140, 45, 55],
  'lib-text': [265, 50, 45],
  'lib-rodata': [265, 50, 62],
  'lib-data': [285, 50, 70],
  anon: [40, 92, 52],
  jit: [345, 75, 52],
  file: [175, 60, 38],
  shm: [165, 50, 55],
  guard: [220, 6, 62],
  vdso: [220, 6, 45],
  hugetlb: [5, 70, 42],
  device: [60, 45, 42],
};

/** The colour of a class by its number. */
export function classColor(mappingClass: number, alpha = 1): string {
  const [hue, saturation, lightness] = COLORS[className(mappingClass)] ?? COLORS.device;
  return `hsl(${hue} ${saturation}% ${lightness}% / ${alpha})`;
}

export function className(mappingClass: number): MappingClass {
  return MAPPING_CLASSES[mappingClass]?.name ?? 'device';
}

export function classNotes(mappingClass: number): string {
  return MAPPING_CLASSES[mappingClass]?.notes ?? '';
}
