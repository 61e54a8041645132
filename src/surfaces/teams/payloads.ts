/** The parts of Teams' activities that we read. Each is Microsoft's public schema; the rest of it is dropped. */
import { z } from "zod";

const id = z.string().min(1).max(400);

export const Activity = z.object({
  type: z.string(),
  id,
  serviceUrl: z.string(),
  /** Of an invoke. */
  name: z.string().optional(),
  text: z.string().nullish(),
  value: z.unknown().optional(),
  replyToId: id.nullish(),
  from: z.object({
    id,
    name: z.string().nullish(),
    aadObjectId: z.string().nullish(),
    role: z.string().nullish(),
  }),
  recipient: z.object({ id }),
  conversation: z.object({
    id,
    tenantId: z.string().nullish(),
    conversationType: z.string().nullish(),
  }),
  channelData: z
    .object({ tenant: z.object({ id: z.string() }).nullish() })
    .nullish()
    .catch(undefined),
  entities: z.array(z.unknown()).nullish().catch(undefined),
});
export type Activity = z.infer<typeof Activity>;

export const Mention = z.object({
  type: z.literal("mention"),
  text: z.string().min(1),
  mentioned: z.object({ id: z.string() }),
});

const field = z.object({
  name: z.string(),
  label: z.string(),
  kind: z.enum(["text", "choice", "number", "yes-no"]),
  required: z.boolean(),
  hint: z.string().optional(),
  initial: z.string().optional(),
  choices: z
    .array(z.object({ value: z.string(), hint: z.string().optional() }))
    .max(2000)
    .optional(),
  error: z.string().optional(),
});
/** A form as it comes back from a client: good for drawing it again to whoever sent it, and for nothing else. */
export const CarriedForm = z.object({
  id: z.string(),
  command: z.string(),
  title: z.string(),
  says: z.string().optional(),
  submit: z.string(),
  fields: z.array(field).max(100),
});

/** What a button of ours carries besides its id, apart from what people fill in. */
export const Own = z.object({
  /** Words to be said again. */
  say: z.string().min(1).max(4000).optional(),
  form: CarriedForm.optional(),
  /** An intent that was taken and whose dialog is not ready yet. */
  again: id.optional(),
  /** Of a refresh: the message's own id, and all that can be shown on it. */
  message: id.optional(),
  card: z.unknown().optional(),
});
export type Own = z.infer<typeof Own>;

/** What comes back from a client, with what was filled in beside it: none of it decides anything by itself. */
export const Pressed = z.looseObject({
  /** The opaque id. */
  button: id.optional(),
  shipmate: Own.optional(),
  msteams: z.unknown().optional(),
});
export type Pressed = z.infer<typeof Pressed>;

/** `adaptiveCard/action` */
export const Execute = z.object({
  action: z.object({ verb: z.string().nullish(), data: Pressed.nullish() }),
});
/** `task/fetch` and `task/submit` */
export const Task = z.object({ data: Pressed.nullish() });

const short = z.string().max(200_000);
/** A card as it comes back from a client, to be drawn for that client's own person. */
export const CarriedCard = z.looseObject({
  title: short,
  state: z
    .object({ tone: z.enum(["busy", "waiting", "good", "bad", "calm"]), word: short })
    .optional(),
  says: short.optional(),
  changes: z
    .array(
      z.object({
        what: short,
        from: short.optional(),
        to: short.optional(),
        irreversible: short.optional(),
      }),
    )
    .optional(),
  fields: z.record(z.string(), short).optional(),
  columns: z.array(short).optional(),
  rows: z.array(z.array(short)).optional(),
  code: z.object({ text: short, language: short.optional() }).optional(),
  chart: z.object({ label: short, points: z.array(z.tuple([z.number(), z.number()])) }).optional(),
  progress: z.object({ done: z.number(), of: z.number() }).optional(),
  facts: z.array(short).optional(),
  links: z.array(z.object({ label: short, url: short })).optional(),
  buttons: z.array(
    z.object({
      id,
      label: short,
      primary: z.boolean().optional(),
      confirm: short.optional(),
      for: z.array(z.string()).optional(),
    }),
  ),
});
