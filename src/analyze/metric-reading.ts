/**
 * One value as it is known: measured, estimated with bounds, or absent with a reason. Never 0 and never NaN for what is
 * not known.
 */
export type MetricReading =
  | {
      readonly state: 'measured';
      readonly value: number;
      /** Of what it rests on. */
      readonly ageMs: number;
      /** `counter`: the kernel's own count. `whole`, `paced`: a deep read. `kernel-peak`: a mark that the kernel keeps. */
      readonly method: 'counter' | 'whole' | 'paced' | 'kernel-peak';
    }
  | {
      readonly state: 'estimated';
      readonly value: number;
      readonly low: number;
      readonly high: number;
      readonly ageMs: number;
    }
  | { readonly state: 'denied' | 'gone' | 'no-mm' | 'timeout' | 'unsupported'; readonly reason: string };

/** The value, or NaN when there is none. */
export function knownValue(reading: MetricReading | undefined): number {
  return reading && 'value' in reading ? reading.value : Number.NaN;
}

export function counted(value: number, method: 'counter' | 'kernel-peak' = 'counter'): MetricReading {
  return { state: 'measured', value, ageMs: 0, method };
}

export function unknown(reason: string): MetricReading {
  return { state: 'unsupported', reason };
}
