/** Restate: the same durable steps, its state in a server of its own in SHIPMATE_HOME. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import * as restate from "@restatedev/restate-sdk";
import * as clients from "@restatedev/restate-sdk-clients";
import { freePort } from "../processes.ts";
import { contendAs } from "./contend.ts";

await contendAs(async (told) => {
  const look = async (what: string) => ({ what, version: null, ready: 1, of: 1 });
  const effect = async (id: string) => {
    told.effect(id);
    return { url: null };
  };
  const ship = restate.workflow({
    name: "ship",
    handlers: {
      run: async (ctx: restate.WorkflowContext) => {
        await ctx.run("what runs", () => look("what runs"));
        await ctx.run("what it takes", () => look("what it takes"));
        told.waits(ctx.key);
        if ((await ctx.promise<string>("approval")) !== "yes") throw new Error("nobody approved");
        await ctx.run("first", () => effect(ctx.key));
        await ctx.run("second", () => effect(ctx.key));
      },
      approve: async (ctx: restate.WorkflowSharedContext) => {
        await ctx.promise<string>("approval").resolve("yes");
      },
    },
  });
  const [own, ingress, admin, node] = await Promise.all([
    ...[freePort(), freePort(), freePort(), freePort()],
  ]);
  const server = await served(ingress, admin, node);
  await restate.serve({ services: [ship], port: own });
  const registered = await fetch(`http://127.0.0.1:${admin}/deployments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uri: `http://127.0.0.1:${own}` }),
  });
  if (!registered.ok) throw new Error(`registering at Restate: ${await registered.text()}`);
  const client = clients.connect({ url: `http://127.0.0.1:${ingress}` });
  const of = (id: string) => client.workflowClient<typeof ship>({ name: "ship" }, id);
  return {
    run: (id) => of(id).run(),
    approve: (id) => of(id).approve(),
    async close() {
      server.kill("SIGTERM");
      await once(server, "exit");
    },
  };
});

/** The server's binary itself, so that no launcher stands between us and it. */
async function served(ingress = 0, admin = 0, node = 0) {
  const require = createRequire(import.meta.url);
  const binary = require.resolve(
    `@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`,
  );
  const home = process.env["SHIPMATE_HOME"] ?? ".";
  const args = ["--listen-mode", "tcp", "--base-dir", `${home}/restate`, "--log-filter", "error"];
  const server = spawn(binary, [...args, "--no-logo", "--bind-address", `127.0.0.1:${node}`], {
    env: {
      ...process.env,
      ...{ RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`, DO_NOT_TRACK: "1" },
      ...{ RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`, RESTATE_DISABLE_TELEMETRY: "true" },
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  process.on("exit", () => server.kill("SIGKILL"));
  for (;;) {
    const ok = await fetch(`http://127.0.0.1:${admin}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ok) return server;
    if (server.exitCode !== null) throw new Error("Restate's server ended before it was ready");
    await sleep(50);
  }
}
