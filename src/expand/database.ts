/** A service's own PostgreSQL, as CloudNativePG's operator is asked for it. */
import { refuse } from "../core/refusal.ts";
import { listed } from "../core/words.ts";
import { own } from "../platform/own.ts";
import { filled } from "./compact.ts";
import type { KubeObject } from "./object.ts";
import { labels, make, nameOf, type Web } from "./web.ts";

/** What sizes mean where platform.yaml says nothing else. */
const sizes = {
  small: { instances: 1, storage: "10Gi", cpu: "500m", memory: "1Gi" },
  medium: { instances: 2, storage: "50Gi", cpu: 1, memory: "4Gi" },
  large: { instances: 3, storage: "200Gi", cpu: 4, memory: "16Gi" },
} as const;

/** The Cluster's name. CloudNativePG allows 50 characters. */
export const databaseName = (web: Web): string => nameOf(web, "db", 50);

/** The Cluster, where the manifest asks for one. */
export function database(web: Web): readonly KubeObject[] {
  const said = web.spec.database;
  if (said?.enabled !== true) return [];
  const { database } = web.settings;
  const known = { ...sizes, ...database.sizes };
  const size =
    own(known, said.size) ??
    refuse(
      `${web.service} asks for a database of the size ${said.size}: ${web.environment} knows ${listed(Object.keys(known), "and")}.`,
    );
  const instances = said.instances ?? size.instances;
  const memory = said.memory ?? size.memory;
  return [
    make(
      web,
      { apiVersion: "postgresql.cnpg.io/v1", kind: "Cluster" },
      { name: databaseName(web), labels: labels(web, "database") },
      {
        spec: {
          instances,
          imageName: database.image.replaceAll("{version}", String(said.version)),
          bootstrap: { initdb: { database: said.name, owner: said.name } },
          storage: {
            size: said.storage ?? size.storage,
            storageClass: said.storageClass ?? database.storageClass,
          },
          resources: { requests: { cpu: said.cpu ?? size.cpu, memory }, limits: { memory } },
          postgresql: filled(said.parameters) && { parameters: said.parameters },
          // A budget for a single instance would block every drain.
          enablePDB: instances > 1,
        },
      },
    ),
  ];
}
