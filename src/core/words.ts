/** Lists as people write them. */

/** `a`, `a and b`, `a, b and c`; with more than `most`, `a, b and 3 more`. */
export function listed(
  items: readonly string[],
  last: "and" | "or" = "and",
  most = Number.POSITIVE_INFINITY,
): string {
  const shown =
    items.length > most ? [...items.slice(0, most), `${items.length - most} more`] : items;
  if (shown.length < 2) return shown.join("");
  return `${shown.slice(0, -1).join(", ")} ${last} ${shown.at(-1)}`;
}

/** What somebody typed, in quotation marks and short enough to be read. */
export function quoted(typed: string, limit = 40): string {
  return `"${typed.length > limit ? `${typed.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…` : typed}"`;
}
