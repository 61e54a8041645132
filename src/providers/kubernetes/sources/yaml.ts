/** YAML of strangers into data: read as kubectl reads it, within limits, never run. */
import { isScalar, parseAllDocuments, type Tags, visit } from "yaml";
import { Refusal, refuse } from "../../../core/refusal.ts";
import { line } from "../../../observe/text.ts";

/** More than this is taken for a mistake or an attack: characters, and documents with all that lists hold. */
export const limits = { text: 5_000_000, documents: 1_000 } as const;

/** All documents but the empty ones. `where` is the file's name in what is refused. */
export function documents(text: string, where: string): readonly unknown[] {
  if (text.length > limits.text)
    refuse(`${where} is larger than 5 MB: that is more than Shipmate reads as manifests.`);
  const read = parseAllDocuments(text, {
    version: "1.1",
    customTags: likeKubectl,
    merge: true,
    // The library would compare each key with each other one: minutes for a large map.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: "silent",
  });
  if (!Array.isArray(read)) return [];
  if (read.length > limits.documents) tooMany(where);
  const room = { left: 2 * limits.text };
  return read
    .map((document) => {
      const [error] = document.errors;
      if (error) return broken(where, text, error.pos[0], error.message);
      try {
        visit(document, {
          Map(_, { items }) {
            const twice = repeated(items.map(({ key }) => key));
            if (twice) broken(where, text, twice.at, `${twice.key} is there twice`);
          },
        });
        // Repeated by aliases a hundred times at most.
        const data: unknown = document.toJS({ maxAliasCount: 100 });
        if (!fits(data, room))
          refuse(
            `${where} is larger than 10 MB with all that its aliases repeat: that is more than Shipmate reads as manifests.`,
          );
        return data;
      } catch (cause) {
        if (cause instanceof Refusal) throw cause;
        return broken(where, text, 0, cause instanceof Error ? cause.message : String(cause));
      }
    })
    .filter((data) => data !== null && data !== undefined);
}

/** Takes from the room what the data would be as a text, which writes out what aliases share; ends where it is used up. */
function fits(data: unknown, room: { left: number }): boolean {
  room.left -= typeof data === "string" ? data.length + 2 : 4;
  if (room.left < 0) return false;
  if (typeof data !== "object" || data === null) return true;
  return Object.entries(data).every(([name, value]) => fits(name, room) && fits(value, room));
}

/** The first key of a map that stood before; merges may repeat. */
function repeated(
  keys: readonly unknown[],
): { readonly key: string; readonly at: number } | undefined {
  const seen = new Set<unknown>();
  for (const key of keys) {
    if (!isScalar(key) || key.source === "<<") continue;
    if (seen.has(key.value)) return { key: String(key.value), at: key.range?.[0] ?? 0 };
    seen.add(key.value);
  }
  return undefined;
}

export function tooMany(where: string): never {
  return refuse(
    `${where} has more than 1,000 objects: that is more than Shipmate deploys at once.`,
  );
}

/** kubectl 1.36 reads YAML 1.1 (`0644` is octal, `on` is true), but neither times nor `1:30` as numbers. */
const likeKubectl = (tags: Tags): Tags =>
  tags.filter((tag) => {
    if (typeof tag !== "object") return true;
    const format = "format" in tag ? tag.format : undefined;
    const left = /:(timestamp|binary|omap|pairs|set)$/.test(tag.tag) || format === "TIME";
    return !left;
  });

function broken(where: string, text: string, offset: number, message: string): never {
  const row = text.slice(0, offset).split("\n").length;
  const says = line(message, 200).replace(/\.$/, "");
  return refuse(`${where} is not right YAML: line ${row}: ${says}.`);
}
