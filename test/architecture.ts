/** The rules of the house, as a function from source files to sentences about what breaks them. */
import { posix } from "node:path";
import { importsOf, readsEnvironment } from "./imports.ts";

/** Source files by their path from the project's folder, with forward slashes. */
export type Sources = ReadonlyMap<string, string>;

/** Each folder of src/ with its rank: imports point to lower ranks only. The files of src/ itself are at the top. */
const ranks: Readonly<Record<string, number>> = {
  core: 0,
  roles: 1,
  observe: 1,
  platform: 1,
  expand: 2,
  store: 3,
  policy: 3,
  providers: 3,
  surfaces: 3,
  catalog: 4,
  templates: 4,
  engine: 5,
  web: 6,
  doctor: 7,
};
const top = 7;
/** In these every folder is a house of its own. */
const divided = ["providers", "surfaces"];
/** What its neighbours may use, though it knows none of them: several surfaces draw the same cards. */
const shared = ["surfaces/adaptive"];

/**
 * The folders of a large house, each importing those before it only. What stands beside them is either for all of them
 * or puts them together, which no ring of imports can be.
 */
const rooms: Readonly<Record<string, readonly string[]>> = {
  "providers/kubernetes": ["sources", "api", "plan", "carry", "look"],
};

/** The only places for each package; zod is welcome anywhere. */
const packages: readonly (readonly [name: RegExp, place: RegExp])[] = [
  [/^zod$/, /^src\//],
  [/^yaml$/, /^src\/(doctor|platform|expand|catalog|templates|providers\/kubernetes)\//],
  [/^@slack\//, /^src\/surfaces\/slack\//],
  [/^(botbuilder|botframework-[\w-]+|fflate)$/, /^src\/surfaces\/teams\//],
  [/^@kubernetes\/client-node$/, /^src\/providers\/kubernetes\//],
  [/^@octokit\//, /^src\/providers\/github\//],
  [/^(pg|@electric-sql\/pglite)(\/|$)/, /^src\/store\//],
  [/^(bullmq|ioredis)$/, /^src\/engine\/doorbell[\w-]*\.ts$/],
  [/^(pino|prom-client|@opentelemetry\/[\w-]+)$/, /^src\/observe\//],
  [/^(adaptivecards|preact|htm)(\/|$)/, /^src\/web\//],
];

/** They import whatever stands in commands/ and workflows/. */
const loaders = /^src\/engine\/load-(commands|workflows)\.ts$/;

const longest = 400;

/** One sentence for each break of a rule. */
export function breaks(sources: Sources): readonly string[] {
  const found = [...sources].flatMap(([path, source]) => [
    ...importsOf(source).flatMap((name) => wrongImport(path, name) ?? []),
    ...(readsEnvironment(source) && path !== "src/config.ts"
      ? [`${path} reads the environment: only src/config.ts may.`]
      : []),
    ...(/^(#!.*\n)?\/\*\*\s+\S/.test(source)
      ? []
      : [`${path} does not say first what it is: begin it with /** … */.`]),
    ...(path.startsWith("src/") && lines(source) > longest
      ? [`${path} has ${lines(source)} lines: ${longest} at most.`]
      : []),
  ]);
  return [...found, ...cycles(sources)];
}

function wrongImport(path: string, name: string | undefined): string | undefined {
  if (path.startsWith("commands/") || path.startsWith("workflows/"))
    return wrongForAuthors(path, name);
  if (name === undefined) {
    if (rankOf(path) === top || loaders.test(path)) return undefined;
    return `${path} imports a module by a computed name: only the loaders and the files of src/ itself may.`;
  }
  if (!name.startsWith(".")) return wrongPackage(path, name);
  const target = resolve(path, name);
  const [from, to] = [rankOf(path), rankOf(target)];
  if (to === undefined) return `${path} imports ${target}, which is not in src/.`;
  if (from === undefined) return `${path} is in a folder without a rank.`;
  if (houseOf(path) === houseOf(target))
    return roomOf(path) >= 0 && roomOf(target) > roomOf(path)
      ? `${path} imports ${target}: the folders of one house point one way only.`
      : undefined;
  if (to > from) return `${path} imports ${target}: imports point down only.`;
  if (to === from && to !== top && !shared.includes(houseOf(target)))
    return `${path} imports ${target}: folders of one rank do not know each other.`;
  return undefined;
}

function wrongForAuthors(path: string, name: string | undefined): string | undefined {
  const own = path.startsWith("commands/") ? ["commands/", "workflows/"] : ["workflows/"];
  const good =
    name !== undefined &&
    (["shipmate", "zod"].includes(name) ||
      (name.startsWith(".") && own.some((folder) => resolve(path, name).startsWith(folder))));
  const allowed = ["shipmate", "zod", ...own].join(", ").replace(/, ([^,]*)$/, " and $1");
  return good
    ? undefined
    : `${path} imports ${name ?? "a computed name"}: only ${allowed} may be imported there.`;
}

function wrongPackage(path: string, name: string): string | undefined {
  if (path.startsWith("src/core/")) {
    return name === "zod" ? undefined : `${path} imports ${name}: core imports zod only.`;
  }
  if (name.startsWith("node:")) return undefined;
  const places = packages.filter(([known]) => known.test(name));
  if (places.length === 0) return `${path} imports ${name}, which no place is known for.`;
  const good = places.some(([, place]) => place.test(path));
  return good ? undefined : `${path} imports ${name}, whose place is elsewhere.`;
}

/** Each ring of imports once, types too, beginning with its first file by name. */
function cycles(sources: Sources): readonly string[] {
  const graph = new Map(
    [...sources].map(([path, source]) => [
      path,
      importsOf(source)
        .filter((name) => name?.startsWith("."))
        .map((name) => resolve(path, name ?? ""))
        .filter((target) => sources.has(target)),
    ]),
  );
  const rings = new Set<string>();
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const met = way.indexOf(path);
    if (met >= 0) return void rings.add(ring(way.slice(met)));
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return [...rings].map((way) => `${way}: a ring of imports.`);
}

function ring(way: readonly string[]): string {
  const first = way.indexOf([...way].sort()[0] ?? "");
  const turned = [...way.slice(first), ...way.slice(0, first)];
  return [...turned, turned[0]].join(" imports ");
}

/** The folder that a file of src/ belongs to: `core`, or `providers/local`; of a file of src/ itself, its own name. */
function houseOf(path: string): string {
  const parts = path.split("/").slice(1);
  const [first = "", second = ""] = parts;
  if (parts.length === 1) return path;
  return divided.includes(first) && parts.length > 2 ? `${first}/${second}` : first;
}

/** How far on in its house a file is; -1 where it stands beside the rooms. */
function roomOf(path: string): number {
  const house = houseOf(path);
  const room = path.slice(`src/${house}/`.length).split("/")[0] ?? "";
  return rooms[house]?.indexOf(room) ?? -1;
}

function rankOf(path: string): number | undefined {
  if (!path.startsWith("src/")) return undefined;
  const parts = path.split("/").slice(1);
  return parts.length === 1 ? top : ranks[parts[0] ?? ""];
}

function resolve(path: string, name: string): string {
  return posix.normalize(posix.join(posix.dirname(path), name));
}

function lines(source: string): number {
  return source.split("\n").length - (source.endsWith("\n") ? 1 : 0);
}
