/** Requests hold their limits, sign in again, wait when told to, and say in plain words what went wrong. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { Refusal } from "../../../../src/core/refusal.ts";
import { NoSuchPath } from "../../../../src/providers/kubernetes/api/faults.ts";
import { type Ask, wire } from "../../../../src/providers/kubernetes/api/wire.ts";
import { ApiError } from "../../../../src/providers/kubernetes/types.ts";

const never = new AbortController().signal;
const get: Ask = { method: "GET", path: "/api/v1" };
const post: Ask = {
  method: "POST",
  path: "/api/v1/pods",
  body: { type: "application/json", value: { a: 1 } },
};
const secret = "not-to-be-told";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const status = (response: ServerResponse, code: number, body: object = {}, headers = {}) => {
  response.writeHead(code, headers).end(JSON.stringify({ kind: "Status", code, ...body }));
};
const fine: Answer = (_request, response) => status(response, 200);

/** An API server that answers the nth request with the nth answer, then with the last; and a way to it. */
async function against(
  context: TestContext,
  answers: readonly Answer[],
  user: object = { token: secret },
  limit = 60_000,
) {
  const heard: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    request.resume();
    heard.push(request);
    answers[Math.min(heard.length, answers.length) - 1]?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), "shipmate-wire-"));
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(
    kubeconfig,
    JSON.stringify({
      "current-context": "it",
      clusters: [
        {
          name: "it",
          cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true },
        },
      ],
      users: [{ name: "it", user }],
      contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
    }),
  );
  const to = wire({ name: "prod", kubeconfig }, limit);
  context.onTestFinished(async () => {
    to.close();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  return { to, heard, folder, server };
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.then(
    () => "it went through",
    (error: unknown) => error,
  );
  if (!(error instanceof Error)) throw new Error(`no error: ${String(error)}`);
  for (let each: unknown = error; each instanceof Error; each = each.cause)
    expect(`${each.message} ${each.stack} ${JSON.stringify(each)}`).not.toContain(secret);
  return error;
}

test("one connection carries many calls", async (context) => {
  const { to, heard } = await against(context, [fine]);
  for (let n = 0; n < 5; n += 1) await to.json(post, never);
  expect(new Set(heard.map(({ socket }) => socket.remotePort)).size).toBe(1);
  expect(heard[0]?.headers).toMatchObject({
    authorization: `Bearer ${secret}`,
    "content-type": "application/json",
  });
});

test("somebody is impersonated with each of their groups", async (context) => {
  const { to, heard } = await against(context, [fine]);
  await to.json({ ...get, as: { user: "ada", groups: ["a", "b"] } }, never);
  await to.json({ ...get, as: { user: "ada", groups: [] } }, never);
  expect(heard[0]?.headersDistinct).toMatchObject({
    "impersonate-user": ["ada"],
    "impersonate-group": ["a", "b"],
  });
  expect(heard[1]?.headersDistinct["impersonate-group"]).toBeUndefined();
});

test("a write that was told to come later waits as long as it was told, and is done once", async (context) => {
  const later: Answer = (_request, response) => status(response, 429, {}, { "retry-after": "1" });
  const { to, heard } = await against(context, [later, fine]);
  const began = performance.now();
  await to.json(post, never);
  expect(performance.now() - began).toBeGreaterThan(900);
  expect(heard).toHaveLength(2);
});

test("a server that tells to come later for too long is told as its own refusal", async (context) => {
  const later: Answer = (_request, response) =>
    status(response, 429, { reason: "TooManyRequests", message: "busy" }, { "retry-after": "60" });
  const { to } = await against(context, [later]);
  const error = await failure(to.json(get, never));
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ code: 429, reason: "TooManyRequests", message: "busy" });
});

test("a token that has expired is read again from its file, once", async (context) => {
  const no: Answer = (request, response) =>
    request.headers.authorization === "Bearer fresh"
      ? fine(request, response)
      : status(response, 401);
  const { to, heard, folder } = await against(context, [no], { tokenFile: "token" });
  await writeFile(join(folder, "token"), "fresh");
  await to.json(get, never);
  await writeFile(join(folder, "token"), secret);
  await to.json(get, never);
  expect(heard).toHaveLength(2);
  const other = wire({ name: "prod", kubeconfig: join(folder, "kubeconfig") }, 2_000);
  const refused = await failure(other.json(post, never));
  expect(refused).toBeInstanceOf(ApiError);
  expect(refused.message).toMatch(/^the credentials for the cluster prod are no longer accepted: /);
  expect(heard).toHaveLength(4);
  await writeFile(join(folder, "token"), "fresh");
  await other.json(post, never);
  other.close();
});

test("a command's token is asked for again when it is no longer accepted", async (context) => {
  const no: Answer = (request, response) =>
    request.headers.authorization === "Bearer token-2"
      ? fine(request, response)
      : status(response, 401);
  const script = `n=$(($(cat "$0.n" 2>/dev/null || echo 0) + 1)); echo $n > "$0.n"
test -n "$KUBERNETES_EXEC_INFO" || exit 1
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"token-'$n'"}}'`;
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "./sign-in" };
  const { to, heard, folder } = await against(context, [no], { exec });
  await writeFile(join(folder, "sign-in"), `#!/bin/sh\n${script}`, { mode: 0o755 });
  await Promise.all([to.json(get, never), to.json(get, never)]);
  expect(heard.map(({ headers }) => headers.authorization).toSorted()).toEqual([
    "Bearer token-1",
    "Bearer token-1",
    "Bearer token-2",
    "Bearer token-2",
  ]);
});

test("a command that signs nobody in is named, and what it says is not told", async (context) => {
  const exec = { command: "/bin/sh", args: ["-c", `echo ${secret} >&2; exit 1`] };
  const { to } = await against(context, [fine], { exec });
  const error = await failure(to.json(get, never));
  expect(error.message).toBe(
    "signing in to the cluster prod: the command /bin/sh gave no credentials; run it by hand to see why",
  );
});

test("no answer is told in plain words, and a write is not sent twice", async (context) => {
  const cut: Answer = (request) => request.socket.destroy();
  const { to, heard, server } = await against(context, [fine, cut]);
  await to.json(post, never);
  const broke = await failure(to.json(post, never));
  expect(broke).not.toBeInstanceOf(ApiError);
  expect(broke.message).toBe("the cluster prod did not answer (the connection broke)");
  expect(heard).toHaveLength(2);
  await new Promise((resolve) => server.close(resolve));
  const refused = await failure(to.json(post, never));
  expect(refused.message).toBe("the cluster prod did not answer (connection refused)");
});

test("a read on a kept connection that was closed meanwhile is sent again", async (context) => {
  const { to, heard } = await against(context, [fine, (request) => request.socket.destroy(), fine]);
  await to.json(get, never);
  await to.json(get, never);
  expect(heard).toHaveLength(3);
});

test("a call ends with its limit or its signal, also between an answer's beginning and its end", async (context) => {
  const half: Answer = (_request, response) => {
    response.writeHead(200).write("{");
  };
  const { to } = await against(context, [half], { token: secret }, 300);
  expect((await failure(to.json(get, never))).message).toBe(
    "the cluster prod did not answer within 0.3 s",
  );
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("stopped")), 50);
  expect((await failure(to.json(get, stop.signal))).message).toBe("stopped");
  expect((await failure(to.json(get, AbortSignal.abort(new Error("before"))))).message).toBe(
    "before",
  );
});

test("a stream may take longer than the limit once its answer has begun", async (context) => {
  const slow: Answer = (_request, response) => {
    response.writeHead(200).write("a");
    setTimeout(() => response.end("b"), 600);
  };
  const { to } = await against(context, [slow], { token: secret }, 300);
  const pieces = await Array.fromAsync(await to.stream(get, never));
  expect(Buffer.concat(pieces).toString()).toBe("ab");
});

test("what is no answer of an API server is a fault, not a refusal", async (context) => {
  const page =
    (code: number, text: string): Answer =>
    (_request, response) => {
      response.writeHead(code).end(text);
    };
  const { to } = await against(context, [
    page(502, "<html>"),
    page(404, "<html>"),
    page(200, "<html>"),
  ]);
  for (const says of ["answered 502 and did not say why", "answered 404", "not JSON"]) {
    const error = await failure(to.json(get, never));
    expect(error).not.toBeInstanceOf(ApiError);
    expect(error).not.toBeInstanceOf(NoSuchPath);
    expect(error.message).toContain(says);
  }
});

test("a kubeconfig that is missing, broken or incomplete is told in a sentence", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "shipmate-wire-"));
  context.onTestFinished(() => rm(folder, { recursive: true }));
  const told = async (text: string | undefined, context?: string) => {
    const kubeconfig = join(folder, "kubeconfig");
    if (text !== undefined) await writeFile(kubeconfig, text);
    const error = await failure(wire({ name: "prod", kubeconfig, context }, 100).json(get, never));
    expect(error).toBeInstanceOf(Refusal);
    return error.message.replaceAll(folder, "…");
  };
  expect(await told(undefined)).toBe(
    "The kubeconfig of the cluster prod is not there: …/kubeconfig.",
  );
  const broken =
    "The kubeconfig of the cluster prod can't be read: …/kubeconfig is no valid kubeconfig.";
  for (const text of [
    `users: [{ token: ${secret}`,
    secret,
    "",
    `users: [{ name: 1, user: ${secret} }]`,
  ])
    expect(await told(text)).toBe(broken);
  const cluster = `clusters: [{ name: it, cluster: { server: "https://127.0.0.1:1" } }]
users: [{ name: it, user: { token: ${secret} } }]`;
  expect(await told(cluster)).toContain("has no current context");
  expect(
    await told(`${cluster}\ncontexts: [{ name: a, context: { cluster: it, user: it } }]`, "b"),
  ).toBe("The kubeconfig of the cluster prod has no context b. It has: a.");
  expect(
    await told(
      `${cluster}\ncurrent-context: a\ncontexts: [{ name: a, context: { cluster: no, user: it } }]`,
    ),
  ).toContain("names a cluster or user that its kubeconfig does not have");
  expect((await failure(wire({ name: "prod" }, 100).json(get, never))).message).toContain(
    "has no kubeconfig",
  );
  expect(
    (await failure(wire({ name: "prod", inside: true }, 100).json(get, never))).message,
  ).toContain("Shipmate does not run in the cluster prod");
});

test("of several kubeconfigs the earlier one goes before the later one", async (context) => {
  const { to, heard, folder } = await against(context, [fine]);
  const other = join(folder, "other");
  await writeFile(other, "current-context: no\nusers: [{ name: it, user: { token: other } }]");
  to.close();
  const both = wire({ name: "prod", kubeconfig: `${join(folder, "kubeconfig")}:${other}` }, 2_000);
  await both.json(get, never);
  both.close();
  expect(heard[0]?.headers.authorization).toBe(`Bearer ${secret}`);
});

test("an answer without an end does not fill the memory, and one that says to come back before now is not asked in a storm", async (context) => {
  const piece = Buffer.alloc(1024 * 1024, " ");
  const endless: Answer = (_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", more);
    more();
  };
  const { to } = await against(context, [endless], undefined, 20_000);
  await expect(to.json(get, never)).rejects.toThrow(
    "the cluster prod answered with more than 128 MB",
  );
  const hasty = await against(
    context,
    [(_request, response) => status(response, 429, {}, { "retry-after": "-5" })],
    undefined,
    1_000,
  );
  await expect(hasty.to.json(get, never)).rejects.toThrow();
  expect(hasty.heard.length).toBeLessThan(10);
});
