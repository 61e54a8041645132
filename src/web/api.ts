/** The API for every surface: runs with their plans, services, the audit log; and the console's own routes. */
import { z } from "zod";
import { clusters } from "../roles/clusters.ts";
import { viewAudit, viewRuns } from "../store/views.ts";
import { consoleRoutes } from "./console-api.ts";
import type { Parts } from "./parts.ts";
import { type Route, route } from "./route.ts";
import { viewDetails } from "./run-details.ts";

export type { Parts } from "./parts.ts";

const limit = z.coerce.number().int().min(1).max(500);
const before = z.coerce.number().int().optional();
/** Short on purpose: one cluster that hangs must not keep the others from being shown. Milliseconds. */
const patience = 2_500;

export function routes(parts: Parts): readonly Route[] {
  const { database } = parts;
  return [
    ...consoleRoutes(parts),
    route({
      method: "GET",
      path: "/api/v1/runs",
      summary: "Runs, the newest first.",
      params: z.object({
        of: z.string().max(200).optional(),
        open: z.stringbool().optional(),
        before,
        limit: limit.default(50),
      }),
      handle: async ({ params }) => ({ runs: await viewRuns(database, params) }),
    }),
    route({
      method: "GET",
      path: "/api/v1/runs/:run",
      summary: "One run by id or number: state, steps, plan, votes, digest, timeline.",
      params: z.object({ run: z.string().max(100) }),
      handle: ({ params }) => viewDetails(database, parts.platform(), params.run),
    }),
    route({
      method: "GET",
      path: "/api/v1/services",
      summary: "What runs where.",
      params: z.object({ as: z.string().max(63).optional() }),
      handle: async ({ params }) => viewServices(parts, params.as),
    }),
    route({
      method: "GET",
      path: "/api/v1/audit",
      summary: "Who did what, the newest first, and whether the chain over it holds.",
      params: z.object({ run: z.string().max(100).optional(), before, limit: limit.default(100) }),
      handle: async ({ params }) => ({
        chain: await parts.audit(),
        rows: await viewAudit(database, params),
      }),
    }),
  ];
}

async function viewServices(parts: Parts, as: string | undefined): Promise<unknown> {
  const platform = parts.platform();
  const environments = Object.entries(platform.environments).map(([name, { approval }]) => ({
    name,
    approval:
      approval === undefined
        ? "nobody has to approve"
        : `${approval.count} of ${approval.from === "owners" ? "the owners" : approval.from} must approve`,
  }));
  const person = as ?? Object.keys(platform.people)[0] ?? "";
  const services = Object.entries(platform.services).map(async ([name, { owner, says }]) => ({
    name,
    owner,
    says,
    running: await Promise.all(
      environments.map(async (environment) => ({
        environment: environment.name,
        ...(await running(parts, person, name, environment.name)),
      })),
    ),
  }));
  return { environments, services: await Promise.all(services) };
}

/** What runs, or `unknown` with the reason: a cluster that does not answer is no reason to show nothing. */
async function running(parts: Parts, person: string, service: string, environment: string) {
  const look = parts.look(person, clusters.running({ service, environment }));
  const late = AbortSignal.timeout(patience);
  const tooLong = new Promise<never>((_, reject) =>
    late.addEventListener("abort", () => reject(new Error("no answer yet")), { once: true }),
  );
  try {
    return await Promise.race([look, tooLong]);
  } catch (error) {
    return { unknown: error instanceof Error ? error.message : String(error) };
  }
}
