/** What there is, as platform.yaml says it. */
import type { Provider } from "../../core/provider.ts";
import { whoIsAsked } from "../../platform/approval.ts";
import type { Platform } from "../../platform/schema.ts";
import type { directory as role } from "../../roles/directory.ts";

/** Answers from the platform as it stands at each look. */
export function directory(platform: () => Platform): Provider<typeof role> {
  return {
    services: async () =>
      Object.entries(platform().services).map(([value, { owner, says }]) => ({
        value,
        hint: says === "" ? owner : `${says}, of ${owner}`,
        owner,
        says,
      })),
    environments: async () =>
      Object.entries(platform().environments).map(([value, { approval }]) => ({
        value,
        hint: approval ? `asks ${whoIsAsked(approval)}` : "asks nobody",
      })),
    people: async () =>
      Object.entries(platform().people).map(([value, { name }]) => ({ value, hint: name })),
  };
}
