/** Fixture roles of what runs: clusters, gitops, metrics, tests. */
import { z } from "zod";
import { late, progress } from "../../../../src/core/operation.ts";
import { effect, look, role, stream } from "../../../../src/core/role.ts";
import { Time } from "../../../../src/core/time.ts";
import { At, onService, Service, shown, text, Version } from "./nouns.ts";

export const clusters = role("clusters", {
  release: effect({
    input: At.extend({ version: late(Version), percent: z.int().min(1).max(100).optional() }),
    result: z.object({ revision: z.int(), url: text }),
    on: onService,
    says: (i) =>
      `release ${i.service} ${shown(i.version)} to ${i.environment}${i.percent ? ` (${i.percent} %)` : ""}`,
  }),
  job: effect({
    input: At.extend({ version: late(Version), command: text }),
    result: z.object({}),
    on: onService,
    says: (i) => `run ${i.command} of ${i.service}`,
  }),
  bind: effect({
    input: At.extend({ env: z.record(text, late(text)) }),
    result: z.object({}),
    on: onService,
    says: (i) => `set ${Object.keys(i.env).join(", ")} in ${i.service}`,
  }),
  restart: effect({
    input: At,
    result: z.object({}),
    on: onService,
    says: (i) => `restart ${i.service} in ${i.environment}`,
  }),
  adopt: effect({
    input: At,
    result: z.object({ objects: z.array(text) }),
    on: onService,
    says: (i) => `adopt ${i.service} in ${i.environment}`,
  }),
  rollout: look({ input: At, result: progress({ ready: z.int(), of: z.int() }) }),
  jobState: look({ input: At, result: progress({}) }),
  running: look({
    input: At,
    result: z.object({ version: text.nullable(), ready: z.int(), of: z.int() }),
  }),
  history: look({
    input: At,
    result: z.array(z.object({ version: text, good: z.boolean(), at: z.number() })),
  }),
  versions: look({
    input: z.object({ service: Service }),
    result: z.array(z.object({ value: text, hint: text })),
  }),
  logs: stream({
    input: At.extend({ since: Time.optional(), search: text.optional() }),
    result: z.object({ text, pod: text }),
  }),
});

export const gitops = role("gitops", {
  application: effect({
    input: At.extend({ repo: late(text), path: text }),
    result: z.object({ name: text }),
    on: onService,
    says: (i) => `follow ${i.path} of ${i.service} in ${i.environment}`,
  }),
  synced: look({ input: At, result: progress({}) }),
});

export const metrics = role("metrics", {
  gate: look({
    input: At.extend({ metric: z.enum(["errors", "latency"]), below: z.number(), during: Time }),
    result: progress({ value: z.number() }),
  }),
  alert: look({
    input: z.object({ alert: text, service: Service }),
    result: z.object({ firing: z.boolean() }),
  }),
});

export const tests = role("tests", {
  start: effect({
    input: At.extend({ suite: text }),
    result: z.object({ id: text }),
    on: onService,
    says: (i) => `run the ${i.suite} tests of ${i.service} in ${i.environment}`,
  }),
  finished: look({ input: z.object({ id: late(text) }), result: progress({ passed: z.int() }) }),
});
