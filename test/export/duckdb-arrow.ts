/**
 * Questions to DuckDB about an Arrow stream. Its WebAssembly build has a reader of Arrow built in, which the one for Node
 * would have to download.
 */
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const MAIN = require.resolve('@duckdb/duckdb-wasm/dist/duckdb-node-blocking.cjs');
const duckdb = require(MAIN);

let database: Promise<{ connect(): Connection }> | undefined;

interface Connection {
  insertArrowFromIPCStream(stream: Uint8Array, options: { name: string; schema: string; create: boolean }): void;
  query(sql: string): { toArray(): { toJSON(): Record<string, unknown> }[] };
  close(): void;
}

/** The rows of the answer to a question about `samples`, the table that the stream holds. */
export async function askArrow(stream: Uint8Array, sql: string): Promise<Record<string, unknown>[]> {
  database ??= open();
  const connection = (await database).connect();
  try {
    connection.query('DROP TABLE IF EXISTS samples');
    connection.insertArrowFromIPCStream(stream, { name: 'samples', schema: 'main', create: true });
    return connection
      .query(sql)
      .toArray()
      .map((row) => row.toJSON());
  } finally {
    connection.close();
  }
}

async function open(): Promise<{ connect(): Connection }> {
  const module = (name: string) => ({ mainModule: path.join(path.dirname(MAIN), name) });
  const bundles = { mvp: module('duckdb-mvp.wasm'), eh: module('duckdb-eh.wasm') };
  const bindings = await duckdb.createDuckDB(bundles, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME);
  await bindings.instantiate();
  return bindings;
}
