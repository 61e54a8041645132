/** Which of two versions is newer, told from their names alone. */

/**
 * Orders the newest first, as semantic versioning does (`1.10.0`, `1.9.0`, `1.9.0-rc.2`, `1.9.0-rc.1`), with or without
 * a `v` and with any number of parts. Names that are no versions come last, `latest` after all.
 */
export function newestFirst(a: string, b: string): number {
  const [one, other] = [parsed(a), parsed(b)];
  if (!one || !other) return one ? -1 : other ? 1 : byName(a, b);
  return (
    -parts(one.core, other.core) ||
    // A version comes after all that lead up to it.
    Number(one.lead !== undefined) - Number(other.lead !== undefined) ||
    -parts(one.lead ?? [], other.lead ?? []) ||
    byName(a, b)
  );
}

function parsed(version: string) {
  const [, core = "", lead] = /^v?(\d+(?:\.\d+)*)(?:[-_+.](.+))?$/.exec(version) ?? [];
  return core === "" ? undefined : { core: core.split("."), lead: lead?.split(/[.-]/) };
}

/** Numbers by their size and before words; fewer parts come first, but `1.2` and `1.2.0` are one. */
function parts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [one, other] = [a[i], b[i]];
    const order =
      one === undefined || other === undefined
        ? Number(one !== undefined && one !== "0") - Number(other !== undefined && other !== "0")
        : part(one, other);
    if (order !== 0) return order;
  }
  return 0;
}

function part(a: string, b: string): number {
  const [one, other] = [a, b].map((text) => /^\d+$/.test(text));
  if (one !== other) return one ? -1 : 1;
  // Compared as text, so that a number may be of any length.
  const [left, right] = one ? [a.replace(/^0+/, ""), b.replace(/^0+/, "")] : [a, b];
  if (one && left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

function byName(a: string, b: string): number {
  const latest = Number(a === "latest") - Number(b === "latest");
  return latest || (a < b ? -1 : a > b ? 1 : 0);
}
