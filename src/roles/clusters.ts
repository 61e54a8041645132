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
    /** `like`: the id of an earlier release, whose exact content comes back. */
    input: z.strictObject({ ...at, version: late(Version), like: text.optional() }),
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
  /** What has to happen before a version may be released. */
  takes: look({
    input: z.object({ ...at, version: Version }),
    result: z.object({ migration: z.boolean() }),
    on,
  }),
  /** Starts the version's migration. It is watched by a look of its own, and must be good before the release. */
  migrate: effect({
    input: z.strictObject({ ...at, version: Version }),
    result: z.object({}),
    on,
    says: (i) => `migrate ${i.service} to ${i.version} in ${i.environment}`,
  }),
  /** How the migration under way is doing. */
  migration: look({
    input: z.object({ ...at, version: Version }),
    result: progress({ log: z.array(text) }),
    on,
  }),
  /** Starts every process of the service anew, a few at a time. */
  restart: effect({
    input: z.strictObject(at),
    result: z.object({}),
    on,
    says: (i) => `restart ${i.service} in ${i.environment}`,
  }),
  /** Sets how many there are (where they scale by themselves: at least), until the next release. */
  scale: effect({
    input: z.strictObject({ ...at, replicas: z.int().min(0).max(1000) }),
    result: z.object({}),
    on,
    says: (i) => `scale ${i.service} in ${i.environment} to ${i.replicas}`,
    again: (i) => `${i.service} in ${i.environment} has ${i.replicas} again`,
  }),
  /** Takes what runs there, applied by anything, into our care as it is: changes nothing of it. */
  adopt: effect({
    input: z.strictObject(at),
    result: z.object({}),
    on,
    says: (i) => `adopt ${i.service} in ${i.environment}`,
    again: (i) => `${i.service} in ${i.environment} is left to itself, as before`,
  }),
  /** Leaves it to itself, running as it is: what undoes an adoption. */
  disown: effect({
    input: z.strictObject(at),
    result: z.object({}),
    on,
    says: (i) => `leave ${i.service} in ${i.environment} to itself`,
    again: (i) => `${i.service} in ${i.environment} is left to itself, as before`,
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
      /** Where more than one version runs at once. */
      versions: z.array(z.object({ version: text, ready: z.int(), of: z.int() })).optional(),
      /** What differs from the release, in one sentence: `Scaled to 5 by hand, until the next deploy.` */
      differs: text.optional(),
    }),
    on,
  }),
  /** Releases, the newest first. `good`: it became healthy. */
  history: look({
    input: At,
    result: z.array(
      z.object({
        version: text,
        good: z.boolean(),
        at: z.number(),
        /** For `release`'s `like`, where the exact content is kept. */
        id: text.optional(),
        /** A person's id. */
        by: text.optional(),
        /** Why it was not good. */
        why: text.optional(),
      }),
    ),
    on,
  }),
  /** What happened around the service lately, oldest first. */
  events: look({
    input: z.object({ ...at, since: Time.optional() }),
    result: z.array(
      z.object({
        at: z.number(),
        bad: z.boolean(),
        of: text,
        says: text,
        count: z.int(),
      }),
    ),
    on,
  }),
  /** What is set where it runs, a line each, to be compared between environments; secrets show only whether they differ. */
  content: look({
    input: At,
    result: z.array(z.object({ of: text, field: text, value: text })),
    on,
  }),
  /** Versions that could be released, the newest first; none where nobody keeps a list of them. */
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
      /** What the processes wrote that were there before the ones that run now. */
      previous: z.boolean().optional(),
    }),
    result: z.object({ text, from: text, at: z.number() }),
    on,
  }),
});
