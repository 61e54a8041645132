/** What a watch tells, one line of JSON after the other. */
import { z } from "zod";
import type { KubeObject } from "../../../expand/object.ts";
import { ApiError } from "../types.ts";
import { byteLines } from "./byte-lines.ts";
import { Shaped } from "./shaped.ts";

/** A bookmark has no object: it says only up to where everything was told. */
export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object?: KubeObject;
  /** Where a watch goes on after this. */
  readonly resourceVersion: string;
}

const Told = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["ADDED", "MODIFIED", "DELETED"]), object: Shaped }),
  z.object({
    type: z.literal("BOOKMARK"),
    object: z.object({ metadata: z.object({ resourceVersion: z.string() }) }),
  }),
  z.object({
    type: z.literal("ERROR"),
    object: z.object({
      code: z.number().default(500),
      reason: z.string().default("Unknown"),
      message: z.string().default("the watch ended with an error"),
    }),
  }),
]);

/** Bytes: etcd keeps objects of 1.5 MB, and 8 MB where somebody raised that. */
const longest = 16 * 1024 * 1024;

/** Ends where the API server ends it; what it calls an error (410: list again) is thrown as ApiError. */
export async function* changes(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Change> {
  for await (const { text, cut } of byteLines(pieces, longest)) {
    if (cut) throw new Error("a watch told of an object that is larger than any can be");
    const told = Told.parse(JSON.parse(text));
    if (told.type === "ERROR") throw new ApiError(told.object.message, told.object);
    const resourceVersion = String(told.object.metadata["resourceVersion"]);
    if (told.type === "BOOKMARK") yield { type: told.type, resourceVersion };
    else yield { type: told.type, object: told.object, resourceVersion };
  }
}
