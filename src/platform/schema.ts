/** What `manifests/platform.yaml` says: people, teams, services, environments, clusters. */
import { z } from "zod";
import { Time } from "../core/time.ts";
import { DatabaseSize, Databases, Expansion, Route } from "./expansion.ts";
import { WebOverrides } from "./web-spec.ts";

const name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "use lower-case letters, digits and hyphens");
const named = <S extends z.ZodType>(value: S) => z.record(name, value);

/** A channel of a chat, as that chat calls it: `slack:C024BE91L`. */
const Room = z
  .string()
  .regex(/^[a-z]+:\S{1,300}$/, "must be a chat and its channel, like slack:C024BE91L");
const rooms = z.array(Room).max(20).default([]);

export const Person = z.strictObject({
  name: z.string().min(1).max(80),
  /** Accounts by surface: `slack: U024BE7LH`. */
  accounts: z.record(z.string(), z.string()).default({}),
  /** The chat in which this person is asked to approve and told of ends; unset: each in which they have an account. */
  asked: z.enum(["slack", "teams"]).optional(),
});
export const Team = z.strictObject({
  members: z.array(name),
  /** Where runs of its services are shown, besides where they were asked for. */
  rooms,
  /** How many runs that change its services may carry out at once; unset: as many as come. */
  at_once: z.int().min(1).max(1_000).optional(),
});
/** How the versions of a Helm chart are told apart, and which of its files hold values. */
export const Helm = z.strictObject({
  /** Files beside the chart; `{environment}` stands for the environment's name, and such a file may be absent. */
  values: z.array(z.string()).default([]),
  /** The value that is the version: `image.tag`. */
  version: z.string().default("image.tag"),
});
export const ServiceEntry = z.strictObject({
  /** A team. */
  owner: name,
  says: z.string().default(""),
  /** Where its runs are shown too. */
  rooms,
  /** A file or folder beside `manifests/`: a WebService, plain YAML, a Kustomization or a Helm chart. Needed on a cluster. */
  manifests: z.string().min(1).optional(),
  /** The image whose tag is the version, without its tag: `ghcr.io/acme/web`. Unset: the one that ends in the service's name, else the only one. */
  image: z.string().min(1).optional(),
  helm: Helm.optional(),
});
export const Approval = z.strictObject({
  /** `owners`: members of the owning team; or a team by name. */
  from: z.string().default("owners"),
  count: z.int().min(1).max(10).default(1),
  /** After this the request ends. */
  expires: Time.default("4h"),
});
export const EnvironmentEntry = z.strictObject({
  /** The provider that serves the role clusters here. */
  cluster: name,
  /** Who may change what runs here: everyone whom this file puts into a team, or the owning team. */
  change: z.enum(["everyone", "owners"]).default("owners"),
  /** Absent: nobody has to approve. */
  approval: Approval.optional(),
  /** A step back to the release before needs no approval here; to a version that somebody names, it does. */
  rollback: z.enum(["pre-approved", "as any change"]).default("as any change"),
  /** Where every run that changes it is shown too. */
  rooms,
  /** On a Kubernetes cluster; unset: the environment's name. */
  namespace: name.optional(),
  /** How long a release may be stuck before it counts as failed. */
  patience: Time.default("40s"),
  /** What a short manifest becomes here. */
  web: Expansion.optional(),
});
/** Processes on this machine. */
export const LocalCluster = z.strictObject({ provider: z.literal("local") });
/** Kubernetes' own names begin with `system:`; its group `system:masters` may do everything. */
const Identity = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith("system:"), "must not begin with system:, as Kubernetes' own");
export const KubernetesCluster = z.strictObject({
  provider: z.literal("kubernetes"),
  /** A kubeconfig file, from the folder of `manifests/` on. Unset: the one that KUBECONFIG names. */
  kubeconfig: z.string().min(1).optional(),
  /** A context of it; unset: its current one. */
  context: z.string().min(1).optional(),
  /** Whether Shipmate runs in this cluster and uses the account of its own pod. */
  inside: z.boolean().default(false),
  /** Acts with each person's own rights: who they are there. `{person}` and `{team}` are filled in. */
  impersonate: z
    .strictObject({
      user: Identity.default("{person}"),
      /** One for each team of the person. */
      group: Identity.default("{team}"),
    })
    .optional(),
});
export type KubernetesCluster = z.output<typeof KubernetesCluster>;
export const Cluster = z.discriminatedUnion("provider", [LocalCluster, KubernetesCluster]);
/** What keeps one from taking all others' place. */
export const Limits = z.strictObject({
  /** How many things one account may say in a minute, clicks too. */
  said: z.int().min(10).max(100_000).default(300),
});
export const Registry = z.strictObject({
  /** Whether it speaks plain HTTP; for one on this machine. */
  http: z.boolean().default(false),
});

export const Platform = z.strictObject({
  people: named(Person),
  teams: named(Team),
  services: named(ServiceEntry),
  /** In the order in which versions travel. */
  environments: named(EnvironmentEntry),
  clusters: named(Cluster),
  /** Registries that are asked for digests and tags, by host: `ghcr.io`. No other is. */
  registries: z
    .record(
      z.string().regex(/^[a-z0-9.-]+(:\d{1,5})?$/, "use a host, perhaps with a port"),
      Registry,
    )
    .default({}),
  limits: Limits.optional(),
});
/** The names of all settings, for "did you mean". */
export const settings: readonly string[] = [Platform, Person, Team, ServiceEntry, EnvironmentEntry]
  .flatMap((schema) => Object.keys(schema.shape))
  .concat(
    [
      Approval,
      Helm,
      Limits,
      LocalCluster,
      KubernetesCluster,
      Registry,
      Expansion,
      Route,
      Databases,
      DatabaseSize,
      WebOverrides,
    ].flatMap((schema) => Object.keys(schema.shape)),
  );

export type Platform = z.output<typeof Platform> & {
  /** SHA-256 over the file's meaning: the policy's version in each digest. */
  readonly version: string;
};
