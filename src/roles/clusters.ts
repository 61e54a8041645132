/** The role of whatever runs services: releases, their rollouts, what runs now, logs. */
import { z } from "zod";
import { noun } from "../core/command.ts";
import { late, progress, type Target } from "../core/operation.ts";
import { effect, look, role, stream } from "../core/role.ts";
import { Time } from "../core/time.ts";
import { Environment, Service } from "./directory.ts";

export const Version: z.ZodString = noun("version", (known) =>
  clusters.versions({ service: String(known["service"] ?? "") }),
);

const text = z.string();
const at = { service: Service, environment: Environment };
const At = z.object(at);
/** Paths start at the environment, so that an environment's teardown waits for the deploys in it. */
const on = (i: { service: string; environment: string }): Target[] => [
  `${i.environment}/${i.service}`,
];

export const clusters = role("clusters", {
  /** Makes this version the one that runs. The rollout is watched by a look of its own. */
  release: effect({
    input: z.strictObject({ ...at, version: late(Version) }),
    result: z.object({ url: text.nullable() }),
    on,
    says: (i) =>
      `release ${i.service} ${typeof i.version === "string" ? i.version : "(known after)"} to ${i.environment}`,
    again: (i) =>
      `${i.service} ${typeof i.version === "string" ? i.version : ""} runs again in ${i.environment}`,
  }),
  /** Takes the service away: what undoes a first release. */
  remove: effect({
    input: z.strictObject(at),
    result: z.object({}),
    on,
    says: (i) => `remove ${i.service} from ${i.environment}`,
    again: (i) => `${i.service} does not run in ${i.environment}, as before`,
  }),
  /** How the release under way is doing; `bad` says why in one sentence, with the last lines of its log in `log`. */
  rollout: look({
    input: At,
    result: progress({
      version: text.nullable(),
      ready: z.int(),
      of: z.int(),
      url: text.nullable(),
      log: z.array(text),
    }),
    on,
  }),
  /** What runs now. `version` is null where nothing does; `why` says what is wrong where something is. */
  running: look({
    input: At,
    result: z.object({
      version: text.nullable(),
      ready: z.int(),
      of: z.int(),
      url: text.nullable(),
      /** Milliseconds since 1970. */
      since: z.number().nullable(),
      restarts: z.int(),
      why: text.optional(),
    }),
    on,
  }),
  /** Releases, the newest first. `good`: it became healthy. */
  history: look({
    input: At,
    result: z.array(z.object({ version: text, good: z.boolean(), at: z.number() })),
    on,
  }),
  /** Versions that could be released, the newest first. */
  versions: look({
    input: z.object({ service: z.string() }),
    result: z.array(z.object({ value: text, hint: text })),
  }),
  /** What the service writes, oldest first; ends after what is there unless `follow`. */
  logs: stream({
    input: z.object({
      ...at,
      since: Time.optional(),
      search: text.optional(),
      tail: z.int().min(1).max(10_000).optional(),
      follow: z.boolean().default(false),
    }),
    result: z.object({ text, from: text, at: z.number() }),
    on,
  }),
});
