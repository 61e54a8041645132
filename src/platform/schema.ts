/** What `manifests/platform.yaml` says: people, teams, services, environments, clusters. */
import { z } from "zod";
import { Time } from "../core/time.ts";

const name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "use lower-case letters, digits and hyphens");
const named = <S extends z.ZodType>(value: S) => z.record(name, value);

export const Person = z.strictObject({
  name: z.string().min(1).max(80),
  /** Accounts by surface: `slack: U024BE7LH`. */
  accounts: z.record(z.string(), z.string()).default({}),
});
export const Team = z.strictObject({
  members: z.array(name),
  /** Where the team's runs are shown besides where they were asked for. */
  says: z.string().optional(),
});
export const ServiceEntry = z.strictObject({
  /** A team. */
  owner: name,
  says: z.string().default(""),
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
});
export const Cluster = z.strictObject({ provider: z.enum(["local"]) });

export const Platform = z.strictObject({
  people: named(Person),
  teams: named(Team),
  services: named(ServiceEntry),
  /** In the order in which versions travel. */
  environments: named(EnvironmentEntry),
  clusters: named(Cluster),
});
/** The names of all settings, for "did you mean". */
export const settings: readonly string[] = [Platform, Person, Team, ServiceEntry, EnvironmentEntry]
  .flatMap((schema) => Object.keys(schema.shape))
  .concat(Object.keys(Approval.shape), Object.keys(Cluster.shape));

export type Platform = z.output<typeof Platform> & {
  /** SHA-256 over the file's meaning: the policy's version in each digest. */
  readonly version: string;
};
