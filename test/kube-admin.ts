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

/** Gives the answer's code; throws where that is none of those. */
export type Ask = (
  method: "GET" | "POST" | "DELETE",
  path: string,
  codes: readonly number[],
  body?: object,
) => Promise<number>;

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
    const request = https.request(new URL(path, server), { agent, method, headers }, (answer) => {
      let says = "";
      answer.on("data", (piece) => {
        says += piece;
      });
      answer.on("end", () => resolve({ code: answer.statusCode ?? 0, says }));
      answer.on("error", reject);
    });
    request.on("error", reject);
    request.end(body && JSON.stringify(body));
    const { code, says } = await promise;
    if (codes.includes(code)) return code;
    throw new Error(`${method} ${path} was answered with ${code}: ${says}`);
  };
}
