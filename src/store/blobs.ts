/** Large results and saved plan files, by the SHA-256 of what is in them. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { first, type Sql } from "./database.ts";

/** Gives the hash in hex. The same bytes are kept once. */
export async function putBlob(sql: Sql, body: Uint8Array): Promise<string> {
  const hash = sha256(body);
  await sql.run(
    "INSERT INTO shipmate.blobs (hash, body) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
    [hash, body],
  );
  return hash;
}

/** Throws where the bytes are no longer those that were put. */
export async function getBlob(sql: Sql, hash: string): Promise<Uint8Array | undefined> {
  const row = await first(
    sql,
    z.object({ body: z.instanceof(Uint8Array) }),
    "SELECT body FROM shipmate.blobs WHERE hash = $1",
    [hash],
  );
  if (row !== undefined && sha256(row.body) !== hash)
    throw new Error(`the blob ${hash} was altered after it was put`);
  return row?.body;
}

const sha256 = (body: Uint8Array): string => createHash("sha256").update(body).digest("hex");
