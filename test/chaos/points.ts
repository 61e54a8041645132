/** The named moments at which a process of these tests dies or sleeps, and what brings it there. */
import { writeSync } from "node:fs";
import { z } from "zod";
import type { Happened, Meter } from "../../src/observe/meter.ts";

/** In the order in which a run meets them. */
export const points = [
  "before inbox",
  "after inbox",
  "after act",
  "claimed",
  "planned",
  "before rest",
  "after rest",
  "begun",
  "before intent",
  "after intent",
  "after effect",
  "before checkpoint",
  "after checkpoint",
  "before undo",
  "before undo's intent",
  "after undo's intent",
  "before undo's checkpoint",
  "after undo's checkpoint",
  "before end",
  "after end",
  "before post",
  "after post",
  "after marking",
] as const;
export const Point = z.enum(points);
export type Point = z.output<typeof Point>;

/** What a process does to itself when it comes to a point for the `nth` time. */
export const Moment = z.object({
  at: Point,
  nth: z.int().min(1),
  /** Milliseconds after it; 0: in the very moment. */
  after: z.number(),
  signal: z.enum(["SIGKILL", "SIGSTOP"]),
});
export type Moment = z.output<typeof Moment>;

/** The moment that is told here; undefined where it is none of them. */
export function pointOf(happened: Happened): Point | undefined {
  switch (happened.is) {
    case "passed": {
      const [when, what] = happened.point.split(" ");
      return Point.parse(happened.back ? `${when} undo's ${what}` : happened.point);
    }
    case "stored":
      return happened.came === "new" ? "after inbox" : undefined;
    case "call":
      return happened.face === "run" && happened.came === "done" ? "after effect" : undefined;
    case "effect":
      return happened.back ? "after undo's checkpoint" : "after checkpoint";
    case "ended":
      return "after end";
    case "posted":
      return happened.surface === "chat" ? "after marking" : undefined;
    default:
      return undefined;
  }
}

/** Does one moment after the other to this process, and first says so in a line, with how many runs it drives. */
export function meeting(moments: readonly Moment[], driving: () => number): Meter {
  const left = [...moments];
  let met = 0;
  return (happened) => {
    const [next] = left;
    if (next === undefined || pointOf(happened) !== next.at) return;
    met += 1;
    if (met < next.nth) return;
    met = 0;
    left.shift();
    const act = () => {
      writeSync(1, `${next.signal} ${next.at} ${driving()}\n`);
      process.kill(process.pid, next.signal);
    };
    if (next.after === 0) act();
    else setTimeout(act, next.after);
  };
}
