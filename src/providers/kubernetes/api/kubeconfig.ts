/** What a kubeconfig file, or the account of our own pod, says about reaching one cluster. */
import { readFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { parse } from "yaml";
import { z } from "zod";
import { refuse } from "../../../core/refusal.ts";

export interface Access {
  /** As platform.yaml calls the cluster. */
  readonly name: string;
  /** One file, or several as KUBECONFIG has them; what an earlier one says goes before a later one. */
  readonly kubeconfig?: string | undefined;
  /** Unset: the file's current one. */
  readonly context?: string | undefined;
  /** Whether to use the account of the pod that this runs in. */
  readonly inside?: boolean | undefined;
}

export interface Reach {
  /** `https://10.0.0.1:6443` */
  readonly server: string;
  /** TLS options and headers of a request; what expires (a token file, a command's token) is asked for anew. */
  credentials(): Promise<RequestOptions>;
}

/** The longest that a command may take to sign in, in milliseconds. */
const patience = 30_000;

/** A new, empty configuration of the library, which takes 0.4 s and 90 MB to load: only where a cluster is spoken to. */
type Empty = () => KubeConfig;

/** Reads the files. Refuses in a sentence what is missing or broken, and never says a word of what is in them. */
export async function reach(access: Access): Promise<Reach> {
  const library = await import("@kubernetes/client-node");
  const empty: Empty = () => new library.KubeConfig();
  const config = access.inside ? ownPod(access, empty) : fromFiles(access, empty);
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (!cluster || !user) return refuse(incomplete(access, config));
  if (cluster.server.startsWith("http:") && !cluster.skipTLSVerify)
    refuse(
      `The kubeconfig of the cluster ${access.name} has an http: address, which would show its credentials: use https:.`,
    );
  const proxied = cluster.proxyUrl !== undefined;
  const ask = async (): Promise<RequestOptions> => {
    const options: RequestOptions = { headers: {} };
    const signIn = config.applyToHTTPSOptions(options);
    const late = pause(patience, undefined, { ref: false }).then(() => {
      throw new Error("its command did not end");
    });
    await Promise.race([signIn, late]).catch((error: unknown) => {
      throw new Error(`signing in to the cluster ${access.name}: ${unsaid(error, user.exec)}`);
    });
    // The library's agent is made for each cluster and user, and closes its connections: only a proxy needs it.
    return proxied ? options : { ...options, agent: undefined };
  };
  let asking: Promise<RequestOptions> | undefined;
  return {
    server: cluster.server,
    credentials: () => {
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return asking;
    },
  };
}

function ownPod({ name }: Access, empty: Empty): KubeConfig {
  const config = empty();
  config.loadFromCluster();
  if (config.getCurrentCluster()?.server.includes("undefined"))
    refuse(
      `Shipmate does not run in the cluster ${name}: give it a kubeconfig in manifests/platform.yaml instead of \`inside\`.`,
    );
  return config;
}

function fromFiles({ name, kubeconfig, context }: Access, empty: Empty): KubeConfig {
  const paths = (kubeconfig ?? "").split(delimiter).filter((path) => path !== "");
  if (paths.length === 0)
    refuse(
      `The cluster ${name} has no kubeconfig: set \`kubeconfig\` in manifests/platform.yaml, or KUBECONFIG.`,
    );
  const parts = paths.map((path) => oneFile(name, path, empty()));
  const config = empty();
  config.loadFromOptions({
    clusters: parts.flatMap((part) => part.clusters),
    users: parts.flatMap((part) => part.users),
    contexts: parts.flatMap((part) => part.contexts),
    currentContext: context ?? parts.find((part) => part.currentContext)?.currentContext,
  });
  return config;
}

/** What we read of the file ourselves, because the library does not. */
const File = z.looseObject({
  users: z
    .array(
      z.looseObject({
        name: z.string(),
        user: z.looseObject({ tokenFile: z.string().optional() }).nullish(),
      }),
    )
    .nullish(),
});

function oneFile(name: string, path: string, config: KubeConfig): KubeConfig {
  const text = contentOf(name, path);
  try {
    const known = File.parse(parse(text));
    config.loadFromString(text);
    config.makePathsAbsolute(dirname(path));
    const tokenFiles = new Map(known.users?.map((each) => [each.name, each.user?.tokenFile]));
    config.users = config.users.map((user) => {
      const tokenFile = tokenFiles.get(user.name);
      if (tokenFile !== undefined && !user.token)
        return {
          ...user,
          authProvider: { name: "tokenFile", config: { tokenFile: beside(path, tokenFile) } },
        };
      return user.exec ? { ...user, exec: command(user.exec, path) } : user;
    });
  } catch {
    // What a parser says about the file may quote it, and it holds credentials.
    refuse(`The kubeconfig of the cluster ${name} can't be read: ${path} is no valid kubeconfig.`);
  }
  return config;
}

function contentOf(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return refuse(
      code === "ENOENT"
        ? `The kubeconfig of the cluster ${name} is not there: ${path}.`
        : `The kubeconfig of the cluster ${name} can't be read: ${path} (${code}).`,
    );
  }
}

const Exec = z.looseObject({
  command: z.string(),
  apiVersion: z.string().default("client.authentication.k8s.io/v1"),
  env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
});

/** A command that signs in is found from the file's folder on, and many refuse to work without being told this. */
function command(raw: unknown, path: string) {
  const exec = Exec.parse(raw);
  const info = {
    apiVersion: exec.apiVersion,
    kind: "ExecCredential",
    spec: { interactive: false },
  };
  return {
    ...exec,
    command: /[\\/]/.test(exec.command) ? beside(path, exec.command) : exec.command,
    env: [...(exec.env ?? []), { name: "KUBERNETES_EXEC_INFO", value: JSON.stringify(info) }],
  };
}

function beside(path: string, file: string): string {
  return isAbsolute(file) ? file : join(dirname(path), file);
}

function incomplete({ name, context }: Access, config: KubeConfig): string {
  const known = config.contexts.map((each) => each.name).join(", ");
  const wanted = context ?? config.currentContext;
  if (!wanted) return `The kubeconfig of the cluster ${name} has no current context: name one.`;
  return config.getContextObject(wanted)
    ? `The context ${wanted} of the cluster ${name} names a cluster or user that its kubeconfig does not have.`
    : `The kubeconfig of the cluster ${name} has no context ${wanted}. It has: ${known || "none"}.`;
}

/** Why signing in did not work, without what a command or a file said: that may hold credentials. */
function unsaid(error: unknown, exec: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const { success, data } = Exec.safeParse(exec);
  if (success && code === "ENOENT") return `there is no command ${data.command}`;
  if (success) return `the command ${data.command} gave no credentials; run it by hand to see why`;
  if (code === "ENOENT") return "a file that its kubeconfig names is not there";
  return "its kubeconfig asks for something that does not work here";
}
