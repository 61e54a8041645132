/** What a service, its workers and its jobs have in common in a short manifest: variables, resources, probes, scaling. */
import { z } from "zod";
import { Time } from "../core/time.ts";
import { Image, ObjectName, on, Path, Port, Quantity, Variable } from "./web-forms.ts";

const key = z.string().min(1);
const optional = z.boolean().optional();
/** Where a variable's value comes from. */
export const Source = z.union([
  z.strictObject({ secret: ObjectName, key, optional }),
  z.strictObject({ config: ObjectName, key, optional }),
  z.strictObject({ field: z.string().min(1) }),
]);
export const Value = z.union([z.string(), z.number(), z.boolean(), Source], {
  error:
    "must be a value, or where it comes from: { secret: name, key: name } or { config: name, key: name }",
});
export const env = z
  .record(Variable, Value)
  .default({})
  .describe(
    "Environment variables by name: a value, or where it comes from: `{ secret: stripe, key: token }`, `{ config: flags, key: beta }` (both may be `optional`), or `{ field: status.podIP }`.",
  );
export const envFrom = z
  .array(
    z.strictObject({
      secret: ObjectName.optional().describe("A Secret; either this or `config`."),
      config: ObjectName.optional().describe("A ConfigMap."),
      prefix: z.string().optional().describe("Put before each name."),
    }),
  )
  .default([])
  .describe("Secrets and ConfigMaps of which every key becomes an environment variable.");
export const command = z
  .array(z.string())
  .min(1)
  .optional()
  .describe("What runs, instead of the image's own entry point.");
export const args = z.array(z.string()).optional().describe("Its arguments.");
export const image = Image.optional().describe("Unset: the service's own image.");

export const Amounts = z.strictObject({
  cpu: Quantity.optional().describe("`250m` is a quarter of one."),
  memory: Quantity.optional().describe("`256Mi`."),
  "ephemeral-storage": Quantity.optional().describe("On the node's disk."),
});
export const Resources = z.strictObject({
  requests: Amounts.extend({
    cpu: Quantity.default("100m").describe("`250m` is a quarter of one."),
    memory: Quantity.default("256Mi").describe("`256Mi`."),
  })
    .prefault({})
    .describe("What is set aside for each pod."),
  limits: Amounts.prefault({}).describe(
    "Memory: as much as is requested, unless set. CPU has no limit unless set: a limit slows a service down while the node idles, and requests already share it fairly.",
  ),
});
export const resources = Resources.prefault({}).describe(
  "CPU and memory, in Kubernetes' own form.",
);

export const Probe = z.strictObject({
  enabled: on,
  path: Path.optional().describe("Unset: that of `probes`."),
  port: Port.optional().describe("Unset: that of `probes`."),
  command: z.array(z.string()).min(1).optional().describe("Runs this instead of asking over HTTP."),
  tcp: z.boolean().default(false).describe("Only connects instead of asking over HTTP."),
  period: Time.optional().describe("Time between two asks."),
  timeout: Time.default("2s").describe("How long an answer may take."),
  failures: z.int().min(1).optional().describe("How many in a row count."),
});
export const Probes = z
  .strictObject({
    enabled: on,
    path: Path.default("/healthz").describe("What is asked. 200 to 399 is healthy."),
    port: Port.optional().describe("Unset: `port`."),
    startup: Probe.prefault({}).describe(
      "Holds the other two back until it is healthy once: every 2s, 30 times.",
    ),
    readiness: Probe.prefault({}).describe("Whether it gets requests: every 5s, 3 times."),
    liveness: Probe.prefault({}).describe("Whether it is started anew: every 10s, 3 times."),
  })
  .prefault({})
  .describe("How it is told whether it is healthy. Workers have only those that say a `command`.");

export const Autoscale = z
  .strictObject({
    enabled: on,
    min: z.int().min(1).max(1000).optional().describe("Unset: `replicas`."),
    max: z.int().min(1).max(1000).optional().describe("Unset: three times the least."),
    cpu: z.int().min(1).max(1000).default(75).describe("Percent of the requested CPU to aim at."),
    memory: z.int().min(1).max(1000).optional().describe("The same of memory."),
  })
  .describe(
    "Adds replicas under load and takes them away. Off where `replicas` is 0, and where `max` is not above `min`.",
  );
