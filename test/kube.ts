/**
 * A Kubernetes control plane for a test: `const kube = await cluster(context)`. All tests of a run share one, and each
 * works in namespaces of its own, which are removed afterwards; a test that breaks the control plane asks for
 * `ownCluster`. Where there is none, the test is skipped with a reason, or fails with SHIPMATE_TEST_REQUIRE=1. On
 * somebody's own cluster (SHIPMATE_TEST_KUBECONFIG) a test that needs more than the API is skipped when it asks for it.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { admin, isGranted } from "./kube-admin.ts";
import { guarded, kubeTool, started } from "./kube-home.ts";
import { type Asker, leaveOut } from "./servers.ts";

/** The users that every control plane knows: `admin` may all; the others nothing until they are granted it. */
export type User = "admin" | "shipmate" | "ada" | "grace" | "mallory";
export type Part = "apiserver" | "etcd" | "controller-manager" | "scheduler" | "node";

/** One request that could change something, as the API server's audit log has it. Events and leases are left out. */
export interface Write {
  readonly at: string;
  /** Who it was done as: the impersonated one where there is one. */
  readonly user: string;
  readonly groups: readonly string[];
  /** Who sent it. */
  readonly sender: string;
  readonly verb: "create" | "update" | "patch" | "delete" | "deletecollection";
  /** `deployments` */
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly status: number;
  readonly dryRun: boolean;
  readonly uri: string;
  readonly body: unknown;
}

export interface Kube {
  readonly kubeconfig: string;
  /** What `connect` needs to speak as this user: `connect({ name: "prod", ...kube.as("shipmate") })`. */
  as(user: User): {
    readonly kubeconfig: string;
    readonly context?: string;
    readonly impersonate?: { readonly user: string; readonly groups: readonly string[] };
  };
  /** What kubectl prints, as admin. */
  kubectl(...args: string[]): Promise<string>;
  /** Creates what the YAML says, as admin. */
  apply(yaml: string, ...args: string[]): Promise<string>;
  /** A fresh namespace, `<name>-<some letters>`, that is removed after the test. */
  namespace(name?: string): Promise<string>;
  /** Binds a ClusterRole (admin, edit, view, cluster-admin, ...) in one namespace, or everywhere, until the test ends. */
  grant(user: User, clusterRole: string, namespace?: string): Promise<void>;
  /** All writes since the test asked for its cluster, dry runs and refused ones too; of those, the ones that are like this. */
  writes(like?: Partial<Write>): Promise<readonly Write[]>;
  /** As `writes`, without dry runs and without refused ones. */
  effects(like?: Partial<Write>): Promise<readonly Write[]>;
  /** The API server's metrics, as Prometheus text. */
  metrics(): Promise<string>;
}

/**
 * One that only this test uses, so that it may break its parts. While its API server or etcd is away its controllers
 * are too, as those of a real one that can't renew their lease: else they would take the nodes for dead afterwards,
 * before these could say anything, and a pretend node does not say again that its pods are ready.
 */
export interface OwnKube extends Kube {
  /** kill -9; it stays away until `start`. */
  kill(part: Part): Promise<void>;
  stop(part: Part): Promise<void>;
  /** Returns when the part works again. */
  start(part: Part): Promise<void>;
  /** SIGSTOP: it accepts connections and says nothing, until `resume`. */
  pause(part: Part): Promise<void>;
  resume(part: Part): Promise<void>;
}

/** How long a control plane may take for what it does by itself, on a machine that has much else to do: for `expect.poll`. */
export const soon = { timeout: 60_000 };

const howToGet = "Kubernetes suites (set SHIPMATE_TEST_KUBE, or SHIPMATE_TEST_KUBECONFIG)";

/** The control plane that the tests of this run share, or somebody's own cluster. */
export async function cluster(asker: Asker): Promise<Kube> {
  const tool = kubeTool();
  if (tool !== undefined) {
    const home = process.env["SHIPMATE_TEST_KUBE_HOME"];
    if (home === undefined) throw new Error("test/kube-home.ts is not the run's globalSetup");
    return onPlane(asker, tool, await started(tool, home), home);
  }
  const kubeconfig = process.env["SHIPMATE_TEST_KUBECONFIG"] || leaveOut(asker, howToGet);
  return onSomebodys(asker, kubeconfig);
}

/** A control plane of this test's own: about 4 s and 0.9 GB, so only for tests that break it. Two nodes unless told. */
export async function ownCluster(
  asker: Asker,
  how: { readonly nodes?: number } = {},
): Promise<OwnKube> {
  const tool =
    kubeTool() ?? leaveOut(asker, "suites that break Kubernetes (set SHIPMATE_TEST_KUBE)");
  const { home, end } = await guarded(tool);
  asker.onTestFinished(end);
  const kube = await onPlane(asker, tool, await started(tool, home, how.nodes), home);
  const tell = (verb: string, part: Part) => run(tool, [verb, home, part]);
  const away = (verb: string) => async (part: Part) => {
    if (isHeart(part)) await tell("kill", "controller-manager");
    await tell(verb, part);
  };
  const back = (verb: string) => async (part: Part) => {
    await tell(verb, part);
    if (isHeart(part)) await tell("start", "controller-manager");
  };
  return {
    ...kube,
    ...{ kill: away("kill"), stop: away("stop"), pause: away("pause") },
    ...{ start: back("start"), resume: back("resume") },
  };
}

const isHeart = (part: Part): boolean => part === "apiserver" || part === "etcd";

async function onPlane(
  asker: Asker,
  tool: string,
  kubeconfig: string,
  home: string,
): Promise<Kube> {
  const log = join(home, "audit.log");
  const from = existsSync(log) ? (await stat(log)).size : 0;
  const writes: Kube["writes"] = async (like = {}) => {
    // A request is logged when it has been answered: give the last one's line the time to be written.
    await sleep(100);
    return (await linesFrom(log, from)).map(written).filter((write) => isLike(write, like));
  };
  return {
    ...commands(asker, tool, ["kubectl"], kubeconfig),
    ...directly(asker, kubeconfig),
    as: (user) => ({ kubeconfig, context: user }),
    writes,
    effects: async (like = {}) =>
      (await writes({ ...like, dryRun: false })).filter((write) => write.status < 300),
  };
}

/** What `commands` does, without kubectl. */
function directly(asker: Asker, kubeconfig: string): Pick<Kube, "namespace" | "grant"> {
  const asked = admin(kubeconfig);
  const made = async (path: string, name: string, more: object = {}) => {
    const ask = await asked;
    await ask("POST", path, [201], { metadata: { name }, ...more });
    asker.onTestFinished(async () => {
      // It may be gone already, and so may the control plane.
      await ask("DELETE", `${path}/${name}`, [200, 202, 404, 409]).catch(() => undefined);
    });
  };
  return {
    namespace: async (name = "test") => {
      const unique = `${name}-${letters()}`;
      await made("/api/v1/namespaces", unique);
      const account = `/api/v1/namespaces/${unique}/serviceaccounts/default`;
      // Before there is one, no pod can be made there.
      while ((await (await asked)("GET", account, [200, 404])).code === 404) await sleep(20);
      return unique;
    },
    grant: async (user, clusterRole, namespace) => {
      const where = namespace ? `namespaces/${namespace}/rolebindings` : "clusterrolebindings";
      const group = "rbac.authorization.k8s.io";
      await made(`/apis/${group}/v1/${where}`, `test-${user}-${letters()}`, {
        roleRef: { apiGroup: group, kind: "ClusterRole", name: clusterRole },
        subjects: [{ apiGroup: group, kind: "User", name: user }],
      });
      while (!(await isGranted(await asked, user, clusterRole, namespace))) await sleep(20);
    },
  };
}

function onSomebodys(asker: Asker, kubeconfig: string): Kube {
  const ours = () => leaveOut(asker, "tests that count writes in Kubernetes (SHIPMATE_TEST_KUBE)");
  const tools = process.env["SHIPMATE_TEST_TOOLS"];
  return {
    ...commands(asker, tools ? join(tools, "bin", "kubectl") : "kubectl", [], kubeconfig),
    as: (user) =>
      user === "admin" ? { kubeconfig } : { kubeconfig, impersonate: { user, groups: [] } },
    writes: async () => ours(),
    effects: async () => ours(),
  };
}

function commands(asker: Asker, tool: string, before: readonly string[], kubeconfig: string) {
  const command = (args: readonly string[], input?: string) =>
    run(tool, [...before, "--kubeconfig", kubeconfig, ...args], input);
  const kubectl = (...args: string[]) => command(args);
  return {
    kubeconfig,
    kubectl,
    apply: (yaml: string, ...args: string[]) => command(["apply", "-f", "-", ...args], yaml),
    namespace: async (name = "test") => {
      const unique = `${name}-${letters()}`;
      await kubectl("create", "namespace", unique);
      asker.onTestFinished(async () => {
        await kubectl("delete", "namespace", unique, "--wait=false", "--ignore-not-found").catch(
          () => undefined,
        );
      });
      // Before there is one, no pod can be made there.
      await kubectl("wait", "--for=create", "serviceaccount/default", "-n", unique);
      return unique;
    },
    grant: async (user: User, clusterRole: string, namespace?: string) => {
      const [kind, where] = namespace
        ? ["rolebinding", ["-n", namespace]]
        : ["clusterrolebinding", []];
      const name = `test-${user}-${letters()}`;
      await kubectl(
        "create",
        kind,
        name,
        `--clusterrole=${clusterRole}`,
        `--user=${user}`,
        ...where,
      );
      asker.onTestFinished(async () => {
        await kubectl("delete", kind, name, ...where, "--ignore-not-found").catch(() => undefined);
      });
    },
    metrics: () => kubectl("get", "--raw", "/metrics"),
  };
}

async function run(tool: string, args: readonly string[], input?: string): Promise<string> {
  const asked = promisify(execFile)(tool, args, { maxBuffer: 256 << 20 });
  asked.child.stdin?.end(input);
  return (await asked).stdout;
}

function letters(): string {
  return randomBytes(4).toString("hex");
}

async function linesFrom(file: string, from: number): Promise<readonly string[]> {
  const log = await open(file);
  try {
    const length = (await log.stat()).size - from;
    const { buffer } = await log.read(Buffer.alloc(length), 0, length, from);
    return buffer.toString("utf8").split("\n").slice(0, -1);
  } finally {
    await log.close();
  }
}

/** As much of a line of the audit log as is read here. */
interface Logged {
  readonly requestReceivedTimestamp: string;
  readonly requestURI: string;
  readonly verb: Write["verb"];
  readonly user: { readonly username: string; readonly groups?: readonly string[] };
  readonly impersonatedUser?: { readonly username: string; readonly groups?: readonly string[] };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus: { readonly code: number };
  readonly requestObject?: { readonly dryRun?: readonly string[] };
}

function written(line: string): Write {
  const logged: Logged = JSON.parse(line);
  const as = logged.impersonatedUser ?? logged.user;
  return {
    at: logged.requestReceivedTimestamp,
    user: as.username,
    groups: as.groups ?? [],
    sender: logged.user.username,
    verb: logged.verb,
    resource: logged.objectRef?.resource ?? "",
    subresource: logged.objectRef?.subresource,
    namespace: logged.objectRef?.namespace,
    name: logged.objectRef?.name,
    status: logged.responseStatus.code,
    dryRun:
      new URL(logged.requestURI, "https://kube").searchParams.get("dryRun") === "All" ||
      (logged.verb.startsWith("delete") && logged.requestObject?.dryRun !== undefined),
    uri: logged.requestURI,
    body: logged.requestObject,
  };
}

function isLike(write: Write, like: Partial<Write>): boolean {
  const fields: Readonly<Record<string, unknown>> = { ...write };
  return Object.entries(like).every(([field, value]) => fields[field] === value);
}
