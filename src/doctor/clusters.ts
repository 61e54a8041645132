/** Looks at the Kubernetes clusters of platform.yaml: do they answer, and may Shipmate do there what it has to? */
import { resolve } from "node:path";
import { z } from "zod";
import { Refusal } from "../core/refusal.ts";
import { faultText } from "../engine/faults.ts";
import type { KubernetesCluster, Platform } from "../platform/schema.ts";
import { type Connection, connect } from "../providers/kubernetes/api/connection.ts";
import { type Wire, wire } from "../providers/kubernetes/api/wire.ts";
import { absentText } from "../providers/kubernetes/plan/operators.ts";
import { ApiError } from "../providers/kubernetes/types.ts";
import { about, type Finding } from "./finding.ts";
import { isBasic, neededRights, type Right, rightsText } from "./rights.ts";

export interface ClustersParts {
  readonly platform: Platform;
  /** What kubeconfigs are named from: the folder in which `manifests/` is. */
  readonly folder: string;
  readonly kubeconfig: string | undefined;
  readonly signal: AbortSignal;
}

/** How long a cluster may take for one answer, in milliseconds, and how much it is asked at once. */
const limit = 10_000;
const together = 10;

export async function lookAtClusters(parts: ClustersParts): Promise<readonly Finding[]> {
  const named = Object.entries(parts.platform.clusters).flatMap(([name, entry]) =>
    entry.provider === "kubernetes" ? [{ name, entry }] : [],
  );
  if (named.length === 0)
    return [about("Clusters").good("platform.yaml names none of Kubernetes, so none is needed.")];
  const all = await Promise.all(named.map(({ name, entry }) => one(parts, name, entry)));
  return all.flat();
}

interface Asked {
  readonly name: string;
  readonly entry: KubernetesCluster;
  readonly cluster: Connection;
  readonly to: Wire;
  readonly signal: AbortSignal;
}

async function one(
  { platform, folder, kubeconfig, signal }: ClustersParts,
  name: string,
  entry: KubernetesCluster,
): Promise<readonly Finding[]> {
  const { good, wrong } = about(`Cluster ${name}`);
  const access = {
    ...{ name, inside: entry.inside, context: entry.context },
    kubeconfig: entry.kubeconfig ? resolve(folder, entry.kubeconfig) : kubeconfig,
  };
  const to = wire(access, limit);
  const cluster = connect({ ...access, limit });
  try {
    const version = await versionOf(to, signal);
    const asked: Asked = { name, entry, cluster, to, signal };
    const environments = Object.entries(platform.environments).filter(
      ([, environment]) => environment.cluster === name,
    );
    const namespaces = new Set(environments.map(([key, { namespace }]) => namespace ?? key));
    const findings = [good(`Kubernetes ${version} answers.`)];
    for (const namespace of namespaces) findings.push(...(await lookAtNamespace(asked, namespace)));
    findings.push(...(await lookAtImpersonation(asked, platform)));
    findings.push(...(await lookAtKinds(asked, environments)));
    return findings;
  } catch (error) {
    return [wrong(unreachable(name, error))];
  } finally {
    to.close();
    cluster.close();
  }
}

const Version = z.looseObject({ gitVersion: z.string() });

async function versionOf(to: Wire, signal: AbortSignal): Promise<string> {
  return Version.parse(await to.json({ method: "GET", path: "/version" }, signal)).gitVersion;
}

function unreachable(name: string, error: unknown): string {
  if (error instanceof Refusal) return error.message;
  if (error instanceof ApiError && [401, 403].includes(error.code))
    return `${name} does not know who we are (${error.code}): sign in anew, or renew the credentials in its kubeconfig.`;
  return `${name} can't be used (${faultText(error)}): let this machine reach its API server, or correct its kubeconfig.`;
}

async function lookAtNamespace(asked: Asked, namespace: string): Promise<readonly Finding[]> {
  const { name, cluster, signal } = asked;
  const { good, note, wrong } = about(`Cluster ${name}`);
  const may = (right: Right) => cluster.mayI(right.verb, { ...right, namespace } as never, signal);
  const lacks = await filtered(await neededRights(), async (right) => !(await may(right)));
  const basic = lacks.filter(isBasic);
  const bind = `kubectl create rolebinding shipmate --clusterrole=shipmate --serviceaccount=shipmate:shipmate --namespace=${namespace}`;
  const findings: Finding[] = [];
  if (basic.length > 0)
    findings.push(
      wrong(
        `Shipmate may not ${rightsText(basic)} in ${namespace}: bind manifests/deploy/rights.yaml to its account there (${bind}).`,
      ),
    );
  else if (lacks.length > 0)
    findings.push(
      note(
        `Shipmate may not ${rightsText(lacks)} in ${namespace}: that is right where no service there has one.`,
      ),
    );
  else findings.push(good(`Shipmate may do all that it has to in ${namespace}.`));
  findings.push(...(await lookForNamespace(asked, namespace)));
  return findings;
}

async function lookForNamespace(
  { name, cluster, signal }: Asked,
  namespace: string,
): Promise<readonly Finding[]> {
  const { note, wrong } = about(`Cluster ${name}`);
  const ref = { apiVersion: "v1", kind: "Namespace", name: namespace };
  try {
    if (await cluster.get(ref, signal)) return [];
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return []; // It need not see it, only what is in it.
    throw error;
  }
  const makes = await cluster.mayI("create", { group: "", resource: "namespaces" }, signal);
  return [
    makes
      ? note(`There is no namespace ${namespace} yet: the first release makes it.`)
      : wrong(
          `There is no namespace ${namespace}: make it (kubectl create namespace ${namespace}).`,
        ),
  ];
}

const Review = z.looseObject({ status: z.looseObject({ allowed: z.boolean() }) });

async function lookAtImpersonation(
  { name, entry, to, signal }: Asked,
  { teams }: Platform,
): Promise<readonly Finding[]> {
  const { impersonate } = entry;
  if (impersonate === undefined) return [];
  const { good, wrong } = about(`Cluster ${name}`);
  const may = async (resource: string, of?: string): Promise<boolean> => {
    const value = {
      ...{ apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview" },
      spec: {
        resourceAttributes: {
          verb: "impersonate",
          resource,
          ...(of !== undefined && { name: of }),
        },
      },
    };
    const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    const body = { type: "application/json", value };
    return Review.parse(await to.json({ method: "POST", path, body }, signal)).status.allowed;
  };
  const groups = Object.keys(teams).map((team) => impersonate.group.replaceAll("{team}", team));
  const lacks = await filtered(groups, async (group) => !(await may("groups", group)));
  const users = await may("users");
  if (users && lacks.length === 0) return [good("Shipmate may act with each person's own rights.")];
  const whom = [...(users ? [] : ["users"]), ...lacks.map((group) => `the group ${group}`)];
  return [
    wrong(
      `Shipmate may not impersonate ${whom.join(", ")}: bind shipmate-impersonate of manifests/deploy/rights.yaml to its account, with these groups.`,
    ),
  ];
}

/** Kinds that others make, as far as an environment says that it uses them; a database only its services know. */
export async function lookAtKinds(
  {
    name,
    cluster,
    signal,
  }: Pick<Asked, "name" | "signal"> & { cluster: Pick<Connection, "serves"> },
  environments: readonly (readonly [string, Platform["environments"][string]])[],
): Promise<readonly Finding[]> {
  const { note, wrong } = about(`Cluster ${name}`);
  const route = { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute" };
  const database = { apiVersion: "postgresql.cnpg.io/v1", kind: "Cluster" };
  const findings: Finding[] = [];
  const routed = environments.some(([, { web }]) => web?.route.kind === "gateway");
  if (routed && !(await cluster.serves(route, signal)))
    findings.push(wrong(absentText(name, route)));
  if (!(await cluster.serves(database, signal)))
    findings.push(note(`${absentText(name, database)} Only a service with a database needs it.`));
  return findings;
}

/** Those for which it is so, in their order. */
async function filtered<T>(
  items: readonly T[],
  test: (item: T) => Promise<boolean>,
): Promise<readonly T[]> {
  const found: T[] = [];
  for (let at = 0; at < items.length; at += together) {
    const some = items.slice(at, at + together);
    const answers = await Promise.all(some.map(test));
    found.push(...some.filter((_, place) => answers[place]));
  }
  return found;
}
