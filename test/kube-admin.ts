/** A control plane of the tests asked directly as its admin: most tests make a namespace and a few rights, and each start of kubectl costs a tenth of a second of a processor. */
import { readFile } from "node:fs/promises";
import https from "node:https";
import { parse } from "yaml";
import { z } from "zod";

const Kubeconfig = z.object({
  clusters: z.tuple([
    z.object({
      cluster: z.object({ server: z.string(), "certificate-authority-data": z.string() }),
    }),
  ]),
  users: z.array(z.object({ name: z.string(), user: z.object({ token: z.string() }) })),
});

/** Gives the answer; throws where its code is none of those, and where none came in a minute. */
export type Ask = (
  method: "GET" | "POST" | "DELETE",
  path: string,
  codes: readonly number[],
  body?: object,
) => Promise<{ readonly code: number; readonly says: string }>;

export async function admin(kubeconfig: string): Promise<Ask> {
  const read = Kubeconfig.parse(parse(await readFile(kubeconfig, "utf8")));
  const { server, "certificate-authority-data": authority } = read.clusters[0].cluster;
  const token = read.users.find(({ name }) => name === "admin")?.user.token;
  const agent = new https.Agent({
    keepAlive: true,
    ca: Buffer.from(authority, "base64"),
  });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  return async (method, path, codes, body) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ code: number; says: string }>();
    const signal = AbortSignal.timeout(60_000);
    const asked = { agent, method, headers, signal };
    const request = https.request(new URL(path, server), asked, (answer) => {
      let says = "";
      answer.on("data", (piece) => {
        says += piece;
      });
      answer.on("end", () => resolve({ code: answer.statusCode ?? 0, says }));
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end(body && JSON.stringify(body));
    const answer = await promise;
    if (codes.includes(answer.code)) return answer;
    throw new Error(`${method} ${path} was answered with ${answer.code}: ${answer.says}`);
  };
}

/** Some roles are put together of others, a moment after a control plane's start. */
const Role = z.object({ rules: z.array(z.unknown()).nullish() });
const Rule = z.object({
  verbs: z.array(z.string()),
  apiGroups: z.array(z.string()),
  resources: z.array(z.string()),
  resourceNames: z.array(z.string()).optional(),
});
const Review = z.object({ status: z.object({ allowed: z.boolean() }) });

/** Whether the API server knows by now that the user has what the role says first. */
export async function isGranted(
  ask: Ask,
  user: string,
  clusterRole: string,
  namespace: string | undefined,
): Promise<boolean> {
  const path = `/apis/rbac.authorization.k8s.io/v1/clusterroles/${clusterRole}`;
  const [first] = Role.parse(JSON.parse((await ask("GET", path, [200])).says)).rules ?? [];
  if (first === undefined) return false;
  const rule = Rule.parse(first);
  const [resource, subresource] = (rule.resources[0] ?? "").split("/");
  const of = { group: rule.apiGroups[0], resource, subresource, name: rule.resourceNames?.[0] };
  const { says } = await ask("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", [201], {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    spec: { user, resourceAttributes: { ...of, verb: rule.verbs[0], namespace } },
  });
  return Review.parse(JSON.parse(says)).status.allowed;
}
