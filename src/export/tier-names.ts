/** The tables of what is no process. */
export const TIER_TABLES = ['host', 'cgroup'] as const;
export type TierName = (typeof TIER_TABLES)[number];
