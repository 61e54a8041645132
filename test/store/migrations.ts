/** Reads migrations: what an older process that lives on beside a newer one would not survive. */

/** The first statement that does more than add; undefined: none does. */
export function whatBreaks(sql: string): string | undefined {
  const fresh = new Set<string>();
  for (const statement of statementsOf(sql)) {
    const table = /^CREATE TABLE (?:IF NOT EXISTS )?(\S+)/i.exec(statement)?.[1];
    if (table) fresh.add(table);
    else if (!adds(statement, fresh)) return statement;
  }
  return undefined;
}

function adds(statement: string, fresh: ReadonlySet<string>): boolean {
  if (/^CREATE (SCHEMA|FUNCTION|INDEX)\b/i.test(statement)) return true;
  // What an older process writes could not be unique in the new sense.
  const unique = /^CREATE UNIQUE INDEX \S+ ON (\S+)/i.exec(statement)?.[1];
  if (unique) return fresh.has(unique);
  const column = /^ALTER TABLE (\S+) ADD COLUMN (.*)$/is.exec(statement);
  if (column) {
    const rest = column[2] ?? "";
    // An older process does not name it when it inserts a row.
    const fills = !/\bNOT NULL\b/i.test(rest) || /\bDEFAULT\b/i.test(rest);
    return fills && !/\b(UNIQUE|PRIMARY KEY|REFERENCES|CHECK)\b/i.test(rest);
  }
  if (/^ALTER TABLE \S+ SET \(fillfactor = \d+\)$/i.test(statement)) return true;
  return /^ALTER TABLE \S+ ALTER COLUMN \S+ SET DEFAULT\b/i.test(statement);
}

/** Without comments; a function's body stays whole. */
function statementsOf(sql: string): readonly string[] {
  const bodies: string[] = [];
  const kept = sql
    .replaceAll(/--.*$/gm, "")
    .replaceAll(/\$\$.*?\$\$/gs, (body) => `$${bodies.push(body)}`);
  return kept
    .split(";")
    .map((one) => one.replaceAll(/\s+/g, " ").trim())
    .filter((one) => one !== "");
}
