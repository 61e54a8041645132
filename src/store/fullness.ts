/** Whether a server's disk is full: known by what it last said to those who write. */
import { Unavailable } from "./database.ts";
import type { Gave } from "./transaction.ts";

/** A refusal that is older says nothing any more, in milliseconds: the engine writes more often than that. */
const fresh = 15_000;

export interface Fullness {
  full(): boolean;
  /** What was written without a complaint found room. */
  wrote(gave: readonly Gave[]): readonly Gave[];
  /** Throws Unavailable where it is that error: PostgreSQL's disk_full. */
  refused(error: unknown): void;
}

export function fullness(clock: () => number = () => performance.now()): Fullness {
  let since: number | undefined;
  return {
    full: () => since !== undefined && clock() - since < fresh,
    wrote(gave) {
      if (since !== undefined && gave.some(isWritten)) since = undefined;
      return gave;
    },
    refused(error) {
      if (!(error instanceof Error) || !("code" in error) || error.code !== "53100") return;
      since = clock();
      throw new Unavailable("the database's disk is full", { cause: error });
    },
  };
}

const isWritten = ({ count, command }: Gave) => count > 0 && writing.has(command);
const writing: ReadonlySet<string> = new Set(["INSERT", "UPDATE", "DELETE"]);
