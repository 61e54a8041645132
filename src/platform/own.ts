/** Looks names up in what the file says. */

/** The entry of this very name, never something that every object inherits. */
export function own<T>(entries: { readonly [name: string]: T }, name: string): T | undefined {
  return Object.hasOwn(entries, name) ? entries[name] : undefined;
}
