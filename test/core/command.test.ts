/** Commands as data: nouns, buttons, and what else says a command. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { daily, defineCommand, noun, on } from "../../src/core/command.ts";
import { event, look, role } from "../../src/core/role.ts";

const things = role("things", {
  list: look({
    input: z.object({ of: z.string() }),
    result: z.array(z.object({ value: z.string() })),
  }),
  opened: event({ result: z.object({ repo: z.string(), number: z.int() }) }),
});

describe("a noun", () => {
  const Service = noun("service");

  it.each(["web", "a", "web-2", "0", "x".repeat(63)])("takes %s", (name) => {
    expect(Service.parse(name)).toBe(name);
  });

  it.each([
    "",
    "-web",
    "web-",
    "Web",
    "web.2",
    "we b",
    "web/..",
    "../web",
    "--env",
    "web\n",
    "web\u0000",
    "wéb",
    "<!channel>",
    "x".repeat(64),
  ])("refuses %j", (name) => {
    expect(Service.safeParse(name).success).toBe(false);
  });

  it("of versions may hold dots and capitals, and never starts like an option or a path", () => {
    const Version = noun("version");
    for (const good of ["1.4.2", "v2", "2026-11-21_RC.1", "_x", "x".repeat(128)])
      expect(Version.parse(good)).toBe(good);
    for (const bad of ["", ".", "-1", "1/2", "1 2", "1\n", "x".repeat(129)])
      expect(Version.safeParse(bad).success).toBe(false);
  });

  it("knows its name and its choices, given what is known already", () => {
    const Version = noun("version", (known) => things.list({ of: String(known["service"]) }));
    const meta = z.object({ noun: z.string(), choices: z.instanceof(Function) });
    const { noun: name, choices } = meta.parse(Version.meta());
    expect(name).toBe("version");
    expect(choices({ service: "web" })).toEqual(things.list({ of: "web" }));
  });
});

describe("a command", () => {
  const deploy = defineCommand({
    name: "deploy",
    summary: "Deploy a service",
    examples: ["deploy web 1.4.2 to production"],
    args: { service: noun("service"), version: noun("version") },
    words: { to: "version" },
    run: ({ args }) => ({ title: args.service }),
  });

  it("makes buttons that nobody has pressed yet, with what is known", () => {
    expect(deploy.button("Deploy", { service: "web" })).toEqual({
      label: "Deploy",
      command: "deploy",
      args: { service: "web" },
    });
  });

  it("makes buttons that ask first", () => {
    expect(deploy.button("Deploy", {}, { primary: true, confirm: "Really?" })).toEqual({
      label: "Deploy",
      command: "deploy",
      args: {},
      primary: true,
      confirm: "Really?",
    });
  });

  it("keeps its definition as it was given", () => {
    expect(deploy.name).toBe("deploy");
    expect(Object.keys(deploy.args)).toEqual(["service", "version"]);
    expect(deploy.words).toEqual({ to: "version" });
  });
});

describe("what says a command by itself", () => {
  it("is the clock, at a time of day", () => {
    const start = daily("03:00", { service: "web" });
    expect(start.on).toBe("daily 03:00");
    expect(start.args(undefined as never)).toEqual({ service: "web" });
  });

  it("is an event, whose data become arguments", () => {
    const start = on(things.opened, ({ repo }) => ({ service: repo }));
    expect(start.on).toBe("things.opened");
    expect(start.args({ repo: "web", number: 7 } as never)).toEqual({ service: "web" });
  });
});
