import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Front, openFront } from "../../../src/providers/local/front.ts";

describe("a front", () => {
  const servers: Server[] = [];
  let front: Front;
  let fronts = 0;
  let seed = "";
  const backend = (answer: Parameters<typeof createServer>[1]) =>
    new Promise<number>((resolve) => {
      const server = createServer(answer ?? (() => {}));
      servers.push(server);
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    });
  const url = () => `http://127.0.0.1:${front.port}/path?q=1`;
  beforeEach(async () => {
    seed = `test ${process.pid} ${++fronts}`; // a port of its own, as clients keep connections
    front = await openFront(seed, "web in test", null);
  });
  afterEach(async () => {
    await front.close();
    for (const server of servers.splice(0)) server.close();
  });

  test("hands on method, path, headers and body, and the answer as it is", async () => {
    front.to(
      await backend(async (request, response) => {
        let body = "";
        for await (const part of request) body += part;
        response.writeHead(418, { "x-answer": "yes" });
        response.end(`${request.method} ${request.url} ${request.headers["x-ask"]} ${body}`);
      }),
    );
    const response = await fetch(url(), { method: "POST", headers: { "x-ask": "a" }, body: "b" });
    expect([response.status, response.headers.get("x-answer")]).toEqual([418, "yes"]);
    expect(await response.text()).toBe("POST /path?q=1 a b");
  });

  test("lets a request end where it began when it is switched meanwhile", async () => {
    let finish: () => void = () => {};
    const old = await backend((_, response) => {
      finish = () => response.end("old");
      response.write("the ");
    });
    front.to(old);
    const first = await fetch(url());
    front.to(await backend((_, response) => response.end("new")));
    expect(front.busy(old)).toBe(1);
    expect(await (await fetch(url())).text()).toBe("new");
    finish();
    expect(await first.text()).toBe("the old");
    await expect.poll(() => front.busy(old)).toBe(0);
  });

  test("answers 503 in a sentence where nothing is behind it", async () => {
    expect((await fetch(url())).status).toBe(503);
    front.to(1);
    const response = await fetch(url());
    expect([response.status, await response.text()]).toEqual([
      503,
      "web in test does not run at the moment.\n",
    ]);
  });

  test("takes the port it had, or another where somebody else has that one", async () => {
    const second = await openFront(seed, "web in test", front.port);
    expect(second.port).not.toBe(front.port);
    await second.close();
    const third = await openFront("something else", "web in test", second.port);
    expect(third.port).toBe(second.port);
    await third.close();
  });
});
