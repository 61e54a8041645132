/** The names of all settings in a schema, for "did you mean". */
import { z } from "zod";

/** Each once, in no order. */
export function names(schema: z.ZodType): readonly string[] {
  const found = new Set<string>();
  collect(z.toJSONSchema(schema, { io: "input" }), found);
  return [...found];
}

function collect(schema: unknown, found: Set<string>): void {
  if (typeof schema !== "object" || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties") for (const name of Object.keys(value)) found.add(name);
    collect(value, found);
  }
}
