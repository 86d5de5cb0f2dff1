/** The shape of `tidemark why --json`: bytes, seconds and counts; times are decimal strings; what is not known is absent. */
import type { GrowthLine, Until } from '../analyze/growth-line.js';
import type { LimitLine, Why } from '../analyze/why.js';
import { measured } from './segments-table.js';

export function whyJson(why: Why): object {
  const {
    source,
    process,
    hasEnded,
    atNs,
    sinceNs,
    numbers,
    shareAgeNs,
    mappingsAgeNs,
    memory,
    sharing,
    mostSeen,
    held,
  } = why;
  return {
    schema: 1,
    source,
    ...process,
    ...(hasEnded ? { hasEnded } : {}),
    atNs: String(atNs),
    sinceNs: String(sinceNs),
    ...(why.atExit ? { atExit: { rss: why.atExit.rss, atNs: String(why.atExit.atNs) } } : {}),
    memory: measured(numbers),
    ...(why.isShareEstimated ? { isShareEstimated: true } : {}),
    ...(shareAgeNs === undefined ? {} : { shareAgeNs: String(shareAgeNs) }),
    ...(mappingsAgeNs === undefined ? {} : { mappingsAgeNs: String(mappingsAgeNs) }),
    ...(memory
      ? {
          classes: memory.classes.map(knownOf),
          owners: memory.owners.map(knownOf),
          mappingsTotal: knownOf(memory.total),
        }
      : {}),
    ...(sharing ? { sharing } : {}),
    ...(why.growth ? { growth: growthJson(why.growth) } : {}),
    mappingGrowth: why.mappingGrowth.map(growthJson),
    ...(why.grownSince ? { grownSince: { rss: why.grownSince.rss, atNs: String(why.grownSince.atNs) } } : {}),
    ...(mostSeen ? { mostSeen: { rss: mostSeen.rss, atNs: String(mostSeen.atNs) } } : {}),
    limits: why.limits.map(limitJson),
    faults: knownOf(why.faults),
    unseen: why.unseen,
    ...(held ? { held } : {}),
  };
}

function growthJson({ slope, ...line }: GrowthLine): object {
  const { value, low, high } = slope;
  return { ...line, ...knownOf({ bytesPerSecond: value, low, high }) };
}

function limitJson({ growth, until, usedAgeNs, ...line }: LimitLine): object {
  return {
    ...knownOf(line),
    ...(usedAgeNs === undefined ? {} : { usedAgeNs: String(usedAgeNs) }),
    ...(growth ? { growth: growthJson(growth) } : {}),
    until: untilJson(until),
  };
}

/** An end that nothing bounds is absent. */
function untilJson(until: Until): object {
  return knownOf(until);
}

function knownOf(values: object): object {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => typeof value !== 'number' || Number.isFinite(value)),
  );
}
