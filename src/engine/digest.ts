/** Hashes of plans, keys and code: SHA-256 over canonical JSON. */
import { hash } from "node:crypto";
import { canonical, type Plan } from "../core/plan.ts";

/** SHA-256 in hex of the value's canonical JSON. */
export function sha256(value: unknown): string {
  return hash("sha256", canonical(value));
}

/** What is approved: the requester, the acts with their places, providers, inputs, previews and limits, and the policy. Not how long it waits for votes. */
export function digestOf(plan: Pick<Plan, "requester" | "nodes" | "groups" | "policy">): string {
  const { requester, nodes, groups, policy } = plan;
  return sha256({ requester, nodes, groups, policy });
}

/** The 8 digits that people see. */
export function short(digest: string): string {
  return digest.slice(0, 8);
}
