/** Points in time and spans of it, as authors write them. */
import { z } from "zod";

/** A span: a number and a unit, `90s`, `10m`, `4h`, `7d`. */
export type Time = `${number}${"s" | "m" | "h" | "d"}`;
/** A point in time in milliseconds since 1970. Only the engine makes one. */
export type Instant = number;

const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The span in milliseconds. */
export const milliseconds = (time: Time): number =>
  Number.parseFloat(time) * unit[time.slice(-1) as keyof typeof unit];

/** The point in time that lies `time` after `at`. */
export const later = (at: Instant, time: Time): Instant => at + milliseconds(time);

/** What a person may type for a span: not negative, ten years at most. */
export const Time: z.ZodTemplateLiteral<Time> = z
  .templateLiteral([z.number(), z.enum(["s", "m", "h", "d"])])
  .refine((time) => !time.startsWith("-"), "must be a number and a unit: 90s, 10m, 4h or 7d")
  .refine((time) => milliseconds(time) <= 3_650 * unit.d, "must be ten years at most: 3650d");
