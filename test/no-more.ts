/** Faces of the role clusters that a world made for a test does not have. */
import type { Provider } from "../src/core/provider.ts";
import { refuse } from "../src/core/refusal.ts";
import type { clusters } from "../src/roles/clusters.ts";

const no = { preview: async () => refuse("not here"), run: async () => refuse("not here") };

export const noMore: Pick<
  Provider<typeof clusters>,
  | "takes"
  | "migrate"
  | "migration"
  | "restart"
  | "scale"
  | "adopt"
  | "disown"
  | "events"
  | "content"
> = {
  takes: async () => ({ migration: false }),
  migrate: no,
  migration: async () => ({ state: "good", says: "There is nothing to migrate.", log: [] }),
  restart: no,
  scale: no,
  adopt: no,
  disown: no,
  events: async () => [],
  content: async () => [],
};
