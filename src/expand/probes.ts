/** How the cluster is told whether a container is healthy. */
import type { Json } from "../core/operation.ts";
import type { WebSpec } from "../platform/web-spec.ts";
import { seconds } from "./compact.ts";

/** Each probe's own pace, and how often it has to fail. */
const pace = {
  startup: { period: "2s", failures: 30 },
  readiness: { period: "5s", failures: 3 },
  liveness: { period: "10s", failures: 3 },
} as const;

/** `port`: where HTTP is answered; undefined: only probes that run a command or name a port are there. */
export function probes(
  said: WebSpec["probes"],
  port: string | undefined,
): { readonly [field: string]: Json | undefined } {
  if (!said.enabled) return {};
  return {
    startupProbe: probe(said, "startup", port),
    readinessProbe: probe(said, "readiness", port),
    livenessProbe: probe(said, "liveness", port),
  };
}

function probe(
  said: WebSpec["probes"],
  kind: keyof typeof pace,
  http: string | undefined,
): Json | undefined {
  const { enabled, path, command, tcp, timeout, ...own } = said[kind];
  const port = own.port ?? said.port ?? http;
  if (!enabled || (command === undefined && port === undefined)) return undefined;
  return {
    ...(command !== undefined
      ? { exec: { command } }
      : tcp
        ? { tcpSocket: { port } }
        : { httpGet: { path: path ?? said.path, port } }),
    periodSeconds: seconds(own.period ?? pace[kind].period),
    timeoutSeconds: seconds(timeout),
    failureThreshold: own.failures ?? pace[kind].failures,
  };
}
