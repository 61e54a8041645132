/** Files and folders of a service's pods: the ConfigMap, the claims, and how pods see them. */
import { createHash } from "node:crypto";
import type { Json } from "../core/operation.ts";
import { canonical } from "../core/plan.ts";
import type { WebSpec } from "../platform/web-spec.ts";
import { filled } from "./compact.ts";
import type { KubeObject } from "./object.ts";
import { labels, make, nameOf, type Web } from "./web.ts";

/** The ConfigMap of `files`, and a claim for each persistent volume. */
export function storage(web: Web): readonly KubeObject[] {
  const { files, volumes } = web.spec;
  const config = make(
    web,
    { apiVersion: "v1", kind: "ConfigMap" },
    { name: nameOf(web, "files"), labels: labels(web, "files") },
    { data: Object.fromEntries(Object.entries(files).map(([path, text]) => [key(path), text])) },
  );
  const claims = Object.entries(volumes)
    .filter(([, volume]) => volume.persistent)
    .map(([name, { size, shared, storageClass }]) =>
      make(
        web,
        { apiVersion: "v1", kind: "PersistentVolumeClaim" },
        { name: nameOf(web, name), labels: labels(web, "storage") },
        {
          spec: {
            accessModes: [shared ? "ReadWriteMany" : "ReadWriteOnce"],
            resources: { requests: { storage: size } },
            storageClassName: storageClass,
          },
        },
      ),
    );
  return [...(filled(files) === undefined ? [] : [config]), ...claims];
}

/** What pods of a part have, and where their containers see it. `/tmp` can always be written. */
export function volumes(
  web: Web,
  component: string,
): { readonly volumes: readonly Json[]; readonly mounts: readonly Json[] } {
  const { files, security } = web.spec;
  const own = Object.entries(web.spec.volumes).filter(
    ([, { persistent, shared }]) => component === "web" || !persistent || shared,
  );
  const tmp = security.readOnlyRoot && !own.some(([, { mount }]) => mount === "/tmp");
  return {
    volumes: [
      ...(tmp ? [{ name: "tmp-folder", emptyDir: {} }] : []),
      ...(filled(files) ? [{ name: "own-files", configMap: { name: nameOf(web, "files") } }] : []),
      ...own.map(([name, volume]) => ({ name, ...source(web, name, volume) })),
    ],
    mounts: [
      ...(tmp ? [{ name: "tmp-folder", mountPath: "/tmp" }] : []),
      ...Object.keys(files).map((path) => ({
        name: "own-files",
        mountPath: path,
        subPath: key(path),
        readOnly: true,
      })),
      ...own.map(([name, { mount, readOnly }]) => ({
        name,
        mountPath: mount,
        readOnly: readOnly || undefined,
      })),
    ],
  };
}

/** Changes with the files, so that pods are made anew: a file that is mounted by itself is never renewed in place. */
export const filesHash = (web: Web): string | undefined =>
  filled(web.spec.files) &&
  createHash("sha256").update(canonical(web.spec.files)).digest("hex").slice(0, 16);

function source(
  web: Web,
  name: string,
  { secret, config, persistent, size, memory }: WebSpec["volumes"][string],
): { readonly [field: string]: Json } {
  if (secret !== undefined) return { secret: { secretName: secret } };
  if (config !== undefined) return { configMap: { name: config } };
  if (persistent) return { persistentVolumeClaim: { claimName: nameOf(web, name) } };
  return { emptyDir: { medium: memory ? "Memory" : undefined, sizeLimit: size } };
}

/** A path as a key of a ConfigMap: `/etc/app/app.yaml` is `etc_app_app.yaml`. */
const key = (path: string): string => path.slice(1).replace(/[^-._a-zA-Z0-9]/g, "_");
