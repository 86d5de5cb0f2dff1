/** What files can be parted by, in the order of the folders. A file of its own, since whoever names them needs no Parquet. */
export const PARTITION_KEYS = ['host', 'date'] as const;
export type PartitionKey = (typeof PARTITION_KEYS)[number];
