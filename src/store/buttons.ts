/** Behind each button's opaque id: the command it says and the message it stands in. The row is the truth, not the click. */
import { z } from "zod";
import { first, Jsonb, json, type Sql } from "./database.ts";

export const ButtonRow = z.object({
  id: z.string(),
  message: z.string(),
  surface: z.string(),
  channel: z.string(),
  command: z.string(),
  args: Jsonb,
  at: z.number(),
});
export type ButtonRow = z.output<typeof ButtonRow>;

/**
 * The same button a second time changes nothing, and costs no wait for the disk. A new one is on the disk before anybody
 * sees it: somebody may press it right after a power cut, before its card is drawn again.
 */
export async function insertButtons(
  sql: Sql,
  buttons: readonly Omit<ButtonRow, "at">[],
): Promise<void> {
  if (buttons.length === 0) return;
  await sql.run(
    `INSERT INTO shipmate.buttons (id, message, surface, channel, command, args)
     SELECT b->>'id', b->>'message', b->>'surface', b->>'channel', b->>'command', b->'args'
     FROM jsonb_array_elements($1::jsonb) b ORDER BY 1 ON CONFLICT (id) DO NOTHING`,
    [json(buttons)],
  );
}

/** A button, and of the message it stands in what tells whether it was pressed there; null for a form that no message has. */
export const Pressed = z.object({
  ...ButtonRow.shape,
  stands: z.object({ ref: z.string().nullable(), to_account: z.string().nullable() }).nullable(),
});
export type Pressed = z.output<typeof Pressed>;

export function findButton(sql: Sql, id: string): Promise<Pressed | undefined> {
  return first(
    sql,
    Pressed,
    `SELECT b.id, b.message, b.surface, b.channel, b.command, b.args, b.at,
       CASE WHEN m.id IS NOT NULL THEN jsonb_build_object('ref', m.ref, 'to_account', m.to_account) END AS stands
     FROM shipmate.buttons b LEFT JOIN shipmate.messages m ON m.id = b.message WHERE b.id = $1`,
    [id],
  );
}
