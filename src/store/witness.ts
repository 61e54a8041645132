/**
 * A witness of the audit outside of the database: the newest head that was seen, in a file. A database that was restored
 * from an older backup, or whose audit was cut, no longer has that row, and says so until somebody takes the file away.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { z } from "zod";
import { type Head, hasHead } from "./audit.ts";
import type { Sql } from "./database.ts";

const Seen = z.object({ count: z.number(), hash: z.string() });

export interface Witness {
  /** What was seen when it was opened; undefined: nothing, or it could not be read. */
  readonly known: Head | undefined;
  /** Whether the chain still has that row. Where it has not, nothing more is written down. */
  readonly agrees: boolean;
  /** Whether that it does not agree was noticed before, by `notice`. */
  readonly noticed: boolean;
  notice(): Promise<void>;
  /** Writes a newer head down, every two seconds at most. */
  saw(head: Head): Promise<void>;
}

/** The least time between two writes, in milliseconds. */
const pause = 2_000;

export async function openWitness(file: string, sql: Sql): Promise<Witness> {
  const known = await readSeen(file);
  const agrees = known === undefined || (await hasHead(sql, known));
  const note = `${file}.noticed`;
  let count = known?.count ?? 0;
  let wrote = Number.NEGATIVE_INFINITY;
  return {
    known,
    agrees,
    noticed: known !== undefined && (await readSeen(note))?.hash === known.hash,
    notice: () => writeFile(note, JSON.stringify(known), { mode: 0o600 }),
    async saw(head) {
      if (!agrees || head.count <= count || performance.now() - wrote < pause) return;
      wrote = performance.now();
      await writeFile(`${file}.draft`, JSON.stringify(head), { mode: 0o600 });
      await rename(`${file}.draft`, file);
      count = head.count;
    },
  };
}

async function readSeen(file: string): Promise<Head | undefined> {
  try {
    return Seen.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}
