/** What a short manifest may say of a service: each field with what it means, for readers, editors and the cluster. */
import { z } from "zod";
import { Time } from "../core/time.ts";
import {
  AtLeastOne,
  CountOrPercent,
  Host,
  Image,
  Name,
  named,
  ObjectName,
  on,
  Path,
  Port,
  pattern,
  Quantity,
  Strings,
} from "./web-forms.ts";
import { Autoscale, args, command, env, envFrom, image, Probes, resources } from "./web-parts.ts";

const Container = z.strictObject({
  image: Image.describe("With its tag: the version of the service is not put there."),
  as: z
    .enum(["container", "sidecar", "init"])
    .default("container")
    .describe(
      "`container` runs beside the service, `sidecar` starts before it and stops after it, `init` ends before it starts.",
    ),
  command,
  args,
  env,
  envFrom,
  ports: named(Port).default({}).describe("Ports by name."),
  resources,
});
const Worker = z.strictObject({
  image,
  command,
  args,
  env: env.describe("Added to the service's own."),
  replicas: z.int().min(0).max(1000).default(1).describe("How many."),
  autoscale: Autoscale.extend({ enabled: z.boolean().default(false).describe("On with `true`.") })
    .prefault({})
    .describe("As for the service, but off unless said."),
  resources,
  probes: Probes,
});
const Job = {
  image,
  command,
  args,
  env: env.describe("Added to the service's own."),
  resources,
  retries: z.int().min(0).max(20).default(0).describe("How often a failed one is tried again."),
};
const Cron = z.strictObject({
  ...Job,
  schedule: pattern(
    /^(@(hourly|daily|midnight|weekly|monthly|yearly|annually)|(\S+\s+){4}\S+)$/,
    'must be a schedule: "0 3 * * *" or "@daily"',
  ).describe('When: `"0 3 * * *"` or `"@daily"`.'),
  timezone: z.string().min(1).default("Etc/UTC").describe("Of the schedule: `Europe/Vienna`."),
  overlap: z
    .enum(["Forbid", "Allow", "Replace"])
    .default("Forbid")
    .describe("What happens while the one before still runs."),
  suspend: z.boolean().default(false).describe("Leaves it out for now."),
  deadline: Time.default("1h").describe("How long one may run."),
});
const Migrate = z.strictObject({
  enabled: on,
  ...Job,
  deadline: Time.default("10m").describe("How long it may run."),
});

const Tls = z.strictObject({
  enabled: on,
  secret: ObjectName.optional().describe("Holds the certificate. Unset: `<service>-tls`."),
  issuer: z.string().min(1).optional().describe("cert-manager's ClusterIssuer that makes it."),
});
const Ingress = z.strictObject({
  enabled: on,
  host: Host.optional().describe("Under which name it is reached. Unset: that of the environment."),
  hosts: z.array(Host).default([]).describe("Further names."),
  path: Path.default("/").describe("Only requests below it."),
  port: z.string().min(1).default("http").describe("The name of the port that is asked."),
  tls: Tls.optional().describe(
    "Encrypts. Unset: as the environment says. Behind a Gateway its listener has the certificate.",
  ),
  class: z.string().min(1).optional().describe("IngressClass. Unset: that of the environment."),
  annotations: Strings.default({}).describe("For the controller."),
});

const Database = z.strictObject({
  enabled: on,
  type: z.literal("postgresql").default("postgresql").describe("The only one so far."),
  size: Name.default("small").describe("`small`, `medium`, `large`, or one of the environment's."),
  version: z.int().min(13).max(99).default(18).describe("PostgreSQL's major version."),
  name: pattern(/^[a-z_][a-z0-9_]{0,62}$/, "must be lower-case letters, digits and _")
    .default("app")
    .describe("Of the database and of the user who owns it."),
  instances: z.int().min(1).max(9).optional().describe("Unset: by size. From 2 on one may fail."),
  storage: Quantity.optional().describe("Unset: by size. Can grow, never shrink."),
  storageClass: ObjectName.optional().describe("Unset: the environment's, else the cluster's."),
  cpu: Quantity.optional().describe("Unset: by size."),
  memory: Quantity.optional().describe("Unset: by size."),
  parameters: Strings.default({}).describe('PostgreSQL\'s settings: `max_connections: "200"`.'),
});

const Volume = z.strictObject({
  mount: Path.describe("Where the service sees it."),
  secret: ObjectName.optional().describe("A Secret whose keys are the files."),
  config: ObjectName.optional().describe("A ConfigMap whose keys are the files."),
  size: Quantity.optional().describe(
    "Of a persistent one; else the most that a passing one holds.",
  ),
  persistent: z
    .boolean()
    .default(false)
    .describe(
      "Outlives the pods. Needs `size`. Only the service's own pod has it, unless it is `shared`.",
    ),
  shared: z.boolean().default(false).describe("A persistent one for several pods at once."),
  storageClass: ObjectName.optional().describe("Unset: the cluster's own."),
  memory: z.boolean().default(false).describe("A passing one in memory."),
  readOnly: z.boolean().default(false).describe("Whether the service can only read it."),
});

const Peer = z.strictObject({
  service: Name.optional().describe("A service; without `namespace` in the same one."),
  namespace: Name.optional().describe("A namespace, as a whole where no service is named."),
  cidr: z.string().min(1).optional().describe("Addresses: `10.0.0.0/8`."),
  ports: z.array(Port).default([]).describe("Unset: every port."),
});
const Network = z
  .strictObject({
    enabled: on,
    from: z.array(Peer).default([]).describe("Who else may call it."),
    to: z.array(Peer).default([]).describe("Whom else it may call."),
    outside: z
      .boolean()
      .default(true)
      .describe("Whether it may call the Internet (never private addresses by that)."),
  })
  .prefault({})
  .describe("Who may call whom. Closed but for what is needed.");

const fields = {
  image: Image.describe(
    "The image. Its tag is replaced by the version that is deployed: `deploy user-api 1.4.2 to production`.",
  ),
  command,
  args,
  port: Port.default(8080).describe("Where it answers HTTP; told to it as `PORT`."),
  ports: named(Port).default({}).describe("Further ports by name: `{ metrics: 9090 }`."),
  env,
  envFrom,
  files: z
    .record(Path, z.string())
    .default({})
    .describe("Files by path, with their text. No secrets: they are kept in a ConfigMap."),
  volumes: named(Volume)
    .default({})
    .describe("Further folders by name; one that says nothing is empty and goes with its pod."),
  replicas: z
    .int()
    .min(0)
    .max(1000)
    .default(2)
    .describe("How many; where it scales by itself, the least."),
  autoscale: Autoscale.prefault({}),
  resources,
  probes: Probes,
  ingress: Ingress.optional().describe("Makes it reachable from outside. Unset: it is not."),
  database: Database.optional().describe(
    "A database of its own: `DATABASE_URL`, `PGHOST`, `PGPORT`, `PGDATABASE`, `PGUSER` and `PGPASSWORD` are told to the service, its workers and jobs.",
  ),
  workers: named(Worker)
    .default({})
    .describe("Processes without a port, by name: `<service>-<worker>`."),
  cron: named(Cron).default({}).describe("Jobs by the clock, by name: `<service>-<job>`."),
  migrate: Migrate.optional().describe(
    "A Job that runs to its end before a new version is released; where it fails nothing is released.",
  ),
  containers: named(Container)
    .default({})
    .describe("Further containers in the service's pods, by name."),
  network: Network,
  service: z
    .strictObject({
      port: Port.default(80).describe("Under which other services reach it."),
      type: z
        .enum(["ClusterIP", "NodePort", "LoadBalancer"])
        .default("ClusterIP")
        .describe("`LoadBalancer` gets an address of its own."),
      annotations: Strings.default({}).describe("For a cloud's load balancer."),
    })
    .prefault({})
    .describe("Its name in the cluster."),
  strategy: z
    .strictObject({
      type: z
        .enum(["RollingUpdate", "Recreate"])
        .optional()
        .describe(
          "Unset: `Recreate` where a persistent volume is not shared, else `RollingUpdate`.",
        ),
      maxSurge: CountOrPercent.default("25%").describe("How many more may run meanwhile."),
      maxUnavailable: CountOrPercent.default(0).describe("How many fewer."),
      history: z.int().min(0).max(100).default(3).describe("How many ReplicaSets are kept."),
    })
    .prefault({})
    .describe("How a version replaces the one before."),
  stop: z
    .strictObject({
      delay: Time.default("5s").describe(
        "Between leaving the Service and being told to stop: requests that are on their way still arrive. `0s`: none.",
      ),
      grace: Time.default("30s").describe("Then this long until it is killed."),
    })
    .prefault({})
    .describe("How it ends."),
  disruption: z
    .strictObject({
      enabled: on,
      maxUnavailable: AtLeastOne.default(1).describe("At most so many."),
    })
    .prefault({})
    .describe(
      "How many pods may be moved at once when nodes are emptied. With one replica there is no budget, so that it never blocks.",
    ),
  spread: z
    .strictObject({
      zones: z
        .enum(["ScheduleAnyway", "DoNotSchedule", "none"])
        .default("ScheduleAnyway")
        .describe("Over zones."),
      nodes: z
        .enum(["ScheduleAnyway", "DoNotSchedule", "none"])
        .default("ScheduleAnyway")
        .describe("Over nodes."),
    })
    .prefault({})
    .describe("Keeps replicas apart: a wish, an order, or `none`."),
  security: z
    .strictObject({
      root: z.boolean().default(false).describe("Whether it may run as root."),
      user: z.int().min(0).optional().describe("The user's number. Unset: the image's own."),
      group: z.int().min(0).optional().describe("The group's, which also owns the volumes."),
      readOnlyRoot: z
        .boolean()
        .default(true)
        .describe("Nothing but `/tmp` and volumes can be written."),
      capabilities: z.array(z.string().min(1)).default([]).describe("Given back; all are dropped."),
    })
    .prefault({})
    .describe("What its processes may do: as strict as Kubernetes' standard `restricted`."),
  serviceAccount: z
    .strictObject({
      name: ObjectName.optional().describe("One that exists already. Unset: one is made."),
      annotations: Strings.default({}).describe("For a cloud's identity."),
      token: z
        .boolean()
        .default(false)
        .describe("Whether its pods get the token of Kubernetes' API."),
    })
    .prefault({})
    .describe("Who its pods are in the cluster."),
  imagePullSecrets: z.array(ObjectName).default([]).describe("For private registries."),
  labels: Strings.default({}).describe("On all objects and pods."),
  annotations: Strings.default({}).describe("On pods."),
  nodeSelector: Strings.default({}).describe("Only nodes with these labels."),
  tolerations: z
    .array(
      z.strictObject({
        key: z.string().optional().describe("Of the taint; unset: any."),
        operator: z.enum(["Exists", "Equal"]).optional().describe("How it is compared."),
        value: z.string().optional().describe("For `Equal`."),
        effect: z
          .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
          .optional()
          .describe("Unset: any."),
        tolerationSeconds: z.int().optional().describe("How long; unset: for ever."),
      }),
    )
    .default([])
    .describe("Taints that it bears, in Kubernetes' own form."),
  priorityClass: ObjectName.optional().describe("How important it is."),
};

/** Some of the fields: what an environment says. */
export const WebOverrides = z.strictObject(fields).partial();
/** All fields. As input what people write; as output with every default filled in. */
export const WebSpec = z.strictObject({
  ...fields,
  environments: named(WebOverrides)
    .default({})
    .describe("What differs in an environment, by its name. Any field but this one."),
});
export type WebSpec = z.output<typeof WebSpec>;
/** As people write it. */
export type WebSpecInput = z.input<typeof WebSpec>;
