/** What can be asked of the outside, and what it tells. */
import { z } from "zod";

const At = z.object({ service: z.string(), environment: z.string() });
export type At = z.output<typeof At>;
export const Ask = z.discriminatedUnion("is", [
  z.object({ is: z.literal("running"), at: At }),
  z.object({ is: z.literal("rollout"), at: At }),
  z.object({
    is: z.literal("do"),
    key: z.string(),
    op: z.enum(["release", "migrate", "remove"]),
    at: At,
    version: z.string().nullable(),
  }),
  z.object({ is: z.literal("find"), key: z.string() }),
  z.object({ is: z.literal("post"), id: z.string(), channel: z.string(), card: z.json() }),
  z.object({ is: z.literal("edit"), ref: z.string(), card: z.json() }),
  z.object({ is: z.literal("seek"), id: z.string() }),
  z.object({ is: z.literal("told"), effects: z.int(), messages: z.int() }),
  z.object({ is: z.literal("mood"), slow: z.number(), lost: z.number() }),
]);
export type Ask = z.input<typeof Ask>;

/** A request for an effect. `again`: one with the same key was here before, so nothing was done. */
export const Effect = z.object({
  key: z.string(),
  op: z.string(),
  target: z.string(),
  version: z.string().nullable(),
  again: z.boolean(),
});
export type Effect = z.output<typeof Effect>;
/** A message as it was posted, or as it came to be. */
export const Message = z.object({
  ref: z.string(),
  id: z.string(),
  channel: z.string(),
  posted: z.boolean(),
  card: z.json(),
});
export type Message = z.output<typeof Message>;
/** Both lists from the given positions on. */
export const Told = z.object({ effects: z.array(Effect), messages: z.array(Message) });
export type Told = z.output<typeof Told>;
