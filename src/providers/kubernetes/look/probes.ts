/** What a failed check of a container's health answered, in plain words. */
import { line } from "../../../observe/text.ts";
import type { Container, Probe } from "./pods.ts";

/** From the kubelet's message: `Readiness probe failed: HTTP probe failed with statuscode: 503`. */
export function probed(message: string, container: Container): string {
  const [, kind = "", rest = message] =
    message.match(/^(\w+) probe (?:failed|errored)[^:]*: (.*)$/s) ?? [];
  const probe = {
    Readiness: container.readinessProbe,
    Liveness: container.livenessProbe,
    Startup: container.startupProbe,
  }[kind];
  const status = rest.match(/statuscode: (\d+)/)?.[1];
  const what = whatOf(probe, rest, kind);
  if (status !== undefined) return `${what} answered ${status}`;
  if (/connection refused/.test(rest)) return `nothing listens on ${portOf(probe, rest)}`;
  if (/deadline exceeded|timeout|timed out/i.test(rest))
    return `${what} did not answer within ${probe?.timeoutSeconds ?? 1} s`;
  if (probe?.httpGet || probe?.tcpSocket) return `${what} could not be reached: ${line(rest, 120)}`;
  return rest.trim() === "" ? `${what} said no` : `${what} says: ${line(rest, 120)}`;
}

function whatOf(probe: Probe | undefined, message: string, kind: string): string {
  const path = probe?.httpGet?.path ?? message.match(/"https?:\/\/[^/"]*(\/[^"?]*)/)?.[1];
  if (path !== undefined) return line(path, 80);
  if (probe?.tcpSocket) return `port ${probe.tcpSocket.port}`;
  return `its ${kind === "" ? "" : `${kind.toLowerCase()} `}check`;
}

function portOf(probe: Probe | undefined, message: string): string {
  const port =
    message.match(/dial tcp \S*?:(\d+):/)?.[1] ?? probe?.httpGet?.port ?? probe?.tcpSocket?.port;
  return port === undefined ? "its port" : `port ${port}`;
}
