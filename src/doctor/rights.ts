/** What Shipmate needs on a cluster, as manifests/deploy/rights.yaml says it. */
import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";
import { z } from "zod";

export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string | undefined;
}

const Role = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  rules: z.array(
    z.looseObject({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
    }),
  ),
});

const file = new URL("../../manifests/deploy/rights.yaml", import.meta.url);

/** Of the role that is bound in each namespace. */
export async function neededRights(): Promise<readonly Right[]> {
  const documents = parseAllDocuments(await readFile(file, "utf8"));
  const roles = documents.map((document) => Role.parse(document.toJS()));
  const rules = roles.find((role) => role.metadata.name === "shipmate")?.rules ?? [];
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((path) => {
        const [resource = "", subresource] = path.split("/");
        return verbs.map((verb) => ({ verb, group, resource, subresource }));
      }),
    ),
  );
}

/** Without these nothing goes; of the rest one may take out what no service has. */
export function isBasic({ resource, verb }: Right): boolean {
  return basic.has(resource) && !(resource === "pods" && verb === "create");
}
const basic = new Set(["pods", "events", "replicasets", "secrets", "deployments"]);

/** `list and watch pods, create secrets` */
export function rightsText(rights: readonly Right[]): string {
  const by = Map.groupBy(rights, ({ resource, subresource }) =>
    subresource === undefined ? resource : `${resource}/${subresource}`,
  );
  const all = [...by].map(([name, some]) => `${some.map(({ verb }) => verb).join("/")} ${name}`);
  return all.length > 5 ? `${all.slice(0, 5).join(", ")} and more` : all.join(", ");
}
