/** Questions to DuckDB, which nobody here wrote. */
import { DuckDBInstance } from '@duckdb/node-api';

/** A new instance takes half a second. */
const shared = DuckDBInstance.create(':memory:');

/** The rows of an answer: bigints for whole numbers of 64 bits and more, null for null. */
export async function ask(sql: string): Promise<Record<string, unknown>[]> {
  const connection = await (await shared).connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJS() as Record<string, unknown>[];
  } finally {
    connection.closeSync();
  }
}
