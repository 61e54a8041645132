/** Names in the file that must mean something else in it: people of teams, owners, clusters, accounts. */
import { nearest } from "../core/nearest.ts";
import { listed } from "../core/words.ts";
import type { Found } from "./mistakes.ts";
import { own } from "./own.ts";
import type { Platform } from "./schema.ts";

/** Everything that names nothing, or names somebody twice. */
export function misfits(platform: Omit<Platform, "version">): readonly Found[] {
  return [
    ...members(platform),
    ...owners(platform),
    ...environments(platform),
    ...namespaces(platform),
    ...accounts(platform),
  ];
}

function members({ teams, people }: Omit<Platform, "version">): readonly Found[] {
  return Object.entries(teams).flatMap(([team, { members }]) =>
    members.flatMap((person, i) => {
      const path = ["teams", team, "members", i];
      if (own(people, person) === undefined)
        return [
          unknown(path, `teams.${team} has a member ${person}, who is no person`, person, people),
        ];
      return members.indexOf(person) < i
        ? [{ path, says: `teams.${team} names ${person} twice.` }]
        : [];
    }),
  );
}

function owners({ services, teams }: Omit<Platform, "version">): readonly Found[] {
  return Object.entries(services)
    .filter(([, { owner }]) => own(teams, owner) === undefined)
    .map(([service, { owner }]) =>
      unknown(
        ["services", service, "owner"],
        `services.${service}.owner names no team`,
        owner,
        teams,
      ),
    );
}

function environments({
  environments,
  clusters,
  teams,
}: Omit<Platform, "version">): readonly Found[] {
  return Object.entries(environments).flatMap(([name, { cluster, approval }]) => {
    const path = ["environments", name];
    const wrong: Found[] = [];
    if (own(clusters, cluster) === undefined)
      wrong.push(
        unknown(
          [...path, "cluster"],
          `environments.${name}.cluster names no cluster`,
          cluster,
          clusters,
        ),
      );
    const from = approval?.from ?? "owners";
    if (from !== "owners" && own(teams, from) === undefined)
      wrong.push(
        unknown(
          [...path, "approval", "from"],
          `environments.${name}.approval.from names no team`,
          from,
          { owners: {}, ...teams },
        ),
      );
    return wrong;
  });
}

/** Two environments in one namespace would undo each other's work. */
function namespaces({ environments, clusters }: Omit<Platform, "version">): readonly Found[] {
  const holders = new Map<string, string>();
  return Object.entries(environments).flatMap(([name, { cluster, namespace }]) => {
    if (own(clusters, cluster)?.provider !== "kubernetes") return [];
    const key = JSON.stringify([cluster, namespace ?? name]);
    const holder = holders.get(key);
    holders.set(key, holder ?? name);
    if (holder === undefined) return [];
    const path = ["environments", name, ...(namespace === undefined ? [] : ["namespace"])];
    const says = `environments.${name} has the same namespace as ${holder}, ${namespace ?? name} of ${cluster}.`;
    return [{ path, says }];
  });
}

function accounts({ people }: Omit<Platform, "version">): readonly Found[] {
  const holders = new Map<string, string>();
  return Object.entries(people).flatMap(([person, { accounts }]) =>
    Object.entries(accounts).flatMap(([surface, id]) => {
      const key = JSON.stringify([surface, id]);
      const holder = holders.get(key);
      holders.set(key, holder ?? person);
      const path = ["people", person, "accounts", surface];
      if (holder === undefined) return [];
      return [{ path, says: `people.${person} has the same ${surface} account as ${holder}.` }];
    }),
  );
}

function unknown(path: Found["path"], says: string, name: string, known: object): Found {
  const near = nearest(name, Object.keys(known));
  return {
    path,
    says: `${says}${near.length > 0 ? `; did you mean ${listed(near, "or")}?` : "."}`,
  };
}
