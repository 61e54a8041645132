/** Buttons of a wait that were pressed. The first press decides a wait; later ones are told so. */
import { z } from "zod";
import type { Json } from "../core/operation.ts";
import type { Person } from "../core/person.ts";
import { Jsonb, json, type Sql } from "./database.ts";

const person = z.object({ id: z.string(), name: z.string() });
export const Press = z.object({
  wait: z.string(),
  button: z.string(),
  form: Jsonb.nullable(),
  person,
  at: z.number(),
});
export type Press = z.output<typeof Press>;

/** Undefined: this was the first. Else the press that decided before. */
export async function insertPress(
  sql: Sql,
  press: {
    readonly run: string;
    readonly wait: string;
    readonly button: string;
    readonly form: Json;
    readonly person: Person;
  },
): Promise<Press | undefined> {
  const added = await sql.run(
    `INSERT INTO shipmate.presses (run, wait, button, form, person)
     VALUES ($1, $2, $3, $4::jsonb, $5::jsonb) ON CONFLICT (run, wait) DO NOTHING`,
    [
      press.run,
      press.wait,
      press.button,
      json(press.form),
      json({ id: press.person.id, name: press.person.name }),
    ],
  );
  if (added === 1) return undefined;
  const [before] = await sql.query(
    Press,
    "SELECT wait, button, form, person, at FROM shipmate.presses WHERE run = $1 AND wait = $2",
    [press.run, press.wait],
  );
  return before;
}

/** Whether the wait was decided by a press. */
export async function isPressed(sql: Sql, run: string, wait: string): Promise<boolean> {
  const rows = await sql.query(
    z.object({ wait: z.string() }),
    "SELECT wait FROM shipmate.presses WHERE run = $1 AND wait = $2",
    [run, wait],
  );
  return rows.length > 0;
}

/** Forgets a press, so that another one can decide the wait. */
export async function deletePress(sql: Sql, run: string, wait: string): Promise<void> {
  await sql.run("DELETE FROM shipmate.presses WHERE run = $1 AND wait = $2", [run, wait]);
}
