/** What happens inside, told once as data: to be counted, logged and traced by whoever is interested. */

/**
 * Between two things that are done: whoever dies or sleeps here must lose nothing and do nothing twice. Each is told
 * right before what it names, or right after; the other events here stand right after what they tell of.
 */
export type Point =
  | "before inbox"
  | "after act"
  | "claimed"
  | "planned"
  | "begun"
  | "before intent"
  | "after intent"
  | "before checkpoint"
  | "before undo"
  | "before rest"
  | "after rest"
  | "before end"
  | "before post"
  | "after post";

/** How a call ended: an expected no is `refused`. */
export type Came = "done" | "refused" | "failed";

/** No secret stands in it, and of what people named only ids and steps. Durations are in seconds. */
export type Happened =
  /** A step of a run came to its result; since it was last taken up, so that no waiting counts. */
  | {
      readonly is: "step";
      readonly run: string;
      readonly step: string;
      readonly kind: "look" | "change" | "wait" | "note";
      readonly seconds: number;
    }
  /** An effect's result was recorded. */
  | {
      readonly is: "effect";
      readonly run: string;
      readonly step: string;
      readonly op: string;
      readonly back: boolean;
    }
  /** Something failed that will be tried again, or a person is asked. */
  | {
      readonly is: "fault";
      readonly run: string;
      readonly step: string;
      readonly says: string;
      readonly count: number;
    }
  /** A provider was asked. */
  | {
      readonly is: "call";
      readonly op: string;
      readonly face: "look" | "preview" | "find" | "run";
      readonly came: Came;
      readonly seconds: number;
    }
  /** Since it was asked for. */
  | {
      readonly is: "ended";
      readonly run: string;
      readonly workflow: string;
      readonly state: string;
      readonly seconds: number;
    }
  /** Another process has the run that this one drove. */
  | { readonly is: "lease lost"; readonly run: string }
  /** What somebody said was stored, so that the surface may acknowledge it. */
  | {
      readonly is: "stored";
      readonly surface: string;
      readonly came: "new" | "seen" | "failed";
      readonly seconds: number;
    }
  /** A message stands in its chat as it should; since it was to be so. */
  | { readonly is: "posted"; readonly surface: string; readonly seconds: number }
  /** The chat itself asked for patience (429). */
  | { readonly is: "held off"; readonly surface: string }
  /** A moment in which tests let a process die or sleep; nothing else is made of it. `back`: while taking back. */
  | { readonly is: "passed"; readonly point: Point; readonly back?: boolean }
  /** An error that nobody expected. */
  | { readonly is: "trouble" };

/** Never throws and takes no time. */
export type Meter = (happened: Happened) => void;

/** The seconds since then, by the process' own clock. */
export function secondsSince(then: number): number {
  return (performance.now() - then) / 1_000;
}
