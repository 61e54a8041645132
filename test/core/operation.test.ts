/** Operations are data: waits, groups and values that are known only later. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  all,
  each,
  from,
  type Json,
  Late,
  late,
  progress,
  until,
} from "../../src/core/operation.ts";
import { effect, look, role } from "../../src/core/role.ts";

const repos = role("repos", {
  create: effect({
    input: z.object({ name: z.string() }),
    result: z.object({ url: z.string(), owner: z.object({ name: z.string() }) }),
    on: (i) => [`repos/${i.name}`],
    says: (i) => `create ${i.name}`,
  }),
  build: look({ input: z.object({}), result: progress({ version: z.string() }) }),
});

describe("a value that is known only later", () => {
  const repo = repos.create({ name: "web" });

  it("names its operation and the path in its result", () => {
    const name = from(repo, "owner", "name");
    expect(name).toBeInstanceOf(Late);
    expect([name.of, name.path]).toEqual([repo, ["owner", "name"]]);
  });

  it("can't become part of a text or a sum", () => {
    const url: unknown = from(repo, "url");
    expect(() => `${url as string}.git`).toThrow("known only later");
    expect(() => Number(url)).toThrow("known only later");
  });

  it("passes a schema only where that says late", () => {
    const url = from(repo, "url");
    expect(late(z.string()).parse(url)).toBe(url);
    expect(late(z.string()).parse("https://git/web")).toBe("https://git/web");
    expect(z.string().safeParse(url).success).toBe(false);
    expect(late(z.string()).safeParse(7).success).toBe(false);
  });

  it("is not mistaken for data that looks like it", () => {
    const forged: Json = { of: { kind: "effect", op: "repos.create", input: {} }, path: ["url"] };
    expect(late(z.string()).safeParse(forged).success).toBe(false);
  });
});

describe("acts", () => {
  const repo = repos.create({ name: "web" });
  const built = until(repos.build({}), { every: "10s", timeout: "20m" });

  it("wait with a look, a rhythm and a limit", () => {
    expect(built).toEqual({
      kind: "until",
      look: { kind: "look", op: "repos.build", input: {} },
      every: "10s",
      timeout: "20m",
    });
  });

  it("stand side by side, together or each for itself", () => {
    expect(all([[repo], [built]])).toEqual({ kind: "all", parts: [[repo], [built]] });
    expect(each([[repo]])).toEqual({ kind: "each", parts: [[repo]] });
  });

  it("must judge themselves to be waited for", () => {
    const good = { state: "good", says: "Built.", version: "1" };
    const { result } = repos.build.spec;
    expect(result.parse(good)).toEqual(good);
    expect(result.safeParse({ ...good, state: "fine" }).success).toBe(false);
    expect(result.safeParse({ state: "good", version: "1" }).success).toBe(false);
  });
});
