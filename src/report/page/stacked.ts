/** Layers on top of each other. */
import type { Line } from './chart.js';

/** Adds each layer to those below it; what is told by the legend stays its own value. */
export function stacked(layers: readonly Line[]): Line[] {
  let below: (number | null)[] | undefined;
  return layers.map((layer) => {
    const last = layer.last.map((value, column) => {
      const under = below?.[column] ?? null;
      return value === null && under === null ? null : (value ?? 0) + (under ?? 0);
    });
    below = last;
    return { ...layer, last, own: layer.last };
  });
}
