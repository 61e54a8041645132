import { describe, expect, test } from "vitest";
import { bus, type Heard } from "../../../src/surfaces/console/bus.ts";
import { console } from "../../../src/surfaces/console/console.ts";
import { cards } from "../../cards.ts";

const place = { surface: "console", channel: "general" };
const message = { id: "m1", card: cards.waiting };
const { signal } = new AbortController();

describe("the surface console", () => {
  test("needs nothing but listeners: a message's reference is its id", async () => {
    const surface = console(bus("a"));
    expect(await surface.post(place, message, signal)).toBe("m1");
    expect(await surface.post(place, message, signal)).toBe("m1");
  });
  test("tells listeners what was posted and what was changed", async () => {
    const told = bus("a");
    const heard: Heard[] = [];
    const stop = told.listen((one) => heard.push(one));
    const surface = console(told);
    await surface.post(place, message, signal);
    await surface.edit(place, "m1", { id: "m1", card: cards.running }, signal);
    stop();
    await surface.edit(place, "m1", { id: "m1", card: cards.succeeded }, signal);
    expect(heard.map(({ told }) => told)).toEqual([
      { is: "message", channel: "general", message, isNew: true },
      {
        is: "message",
        channel: "general",
        message: { id: "m1", card: cards.running },
        isNew: false,
      },
    ]);
  });
});

describe("who comes back hears what was missed", () => {
  const run = (name: string) => ({ is: "run", run: name }) as const;
  test("from the number on that was heard last", () => {
    const told = bus("a");
    for (const name of ["a", "b", "c"]) told.tell(run(name));
    expect(told.since(1)?.map((heard) => heard.told)).toEqual([run("b"), run("c")]);
    expect(told.since(3)).toEqual([]);
  });
  test("or that it is too long ago, or never was", () => {
    const told = bus("a", 2);
    for (const name of ["a", "b", "c", "d"]) told.tell(run(name));
    expect(told.since(2)).toHaveLength(2);
    expect(told.since(1)).toBeUndefined();
    expect(told.since(99)).toBeUndefined();
    expect(told.since(Number.NaN)).toBeUndefined();
  });
});
