/** Repos, catalog and templates in the world. */
import type { Provider } from "../../../../src/core/provider.ts";
import { declared, happens } from "../faces.ts";
import { catalog, repos, type templates } from "../roles/making.ts";
import type { World } from "../world.ts";
import { aged } from "./running.ts";

export function hosts(world: World): Provider<typeof repos> {
  return {
    create: declared(world, repos.create, {
      object: (i) => `repos/${i.name}`,
      want: (i) => ({ owner: i.owner }),
      knows: (i) => ({ url: `https://git/${i.name}` }),
      result: (i) => ({ url: `https://git/${i.name}`, id: 7 }),
    }),
    push: happens(world, repos.push, {
      object: (i) => `repos/${i.name}`,
      does(i, key) {
        world.set(`repos/${i.name}/build`, { commit: key });
        return { commit: key };
      },
      irreversible: "the pushed commit stays",
    }),
    protect: declared(world, repos.protect, {
      object: (i) => `repos/${i.name}/protection`,
      want: (i) => ({ checks: i.checks }),
      result: () => ({}),
    }),
    build: async (i) => ({
      ...aged(world, `repos/${i.name}/build`, "30s", "Building."),
      version: `0.1.0-${i.commit.slice(0, 4)}`,
    }),
    pull: async () => ({ state: world.signs.has("closed") ? "closed" : "open", title: "t" }),
  };
}

export function lists(world: World): Provider<typeof catalog> {
  return {
    add: declared(world, catalog.add, {
      object: (i) => `catalog/${i.service}`,
      want: (i) => ({ owner: i.owner, repo: i.repo }),
      result: () => ({}),
    }),
  };
}

export function renders(): Provider<typeof templates> {
  return {
    render: async (i) => ({ "README.md": `# ${i.values["name"]}`, "k8s/app.yaml": "kind: App" }),
  };
}
