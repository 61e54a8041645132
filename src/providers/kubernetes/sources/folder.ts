/** The files of the project that manifests are made of: none outside of it is ever read. */
import { lstat, readdir, readFile, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { refuse } from "../../../core/refusal.ts";
import { quoted } from "../../../core/words.ts";
import { line } from "../../../observe/text.ts";
import { limits } from "./yaml.ts";

/** A file or folder of the project. */
export interface Found {
  /** Absolute, without links. */
  readonly path: string;
  /** From the project's folder on, with forward slashes, for people. */
  readonly name: string;
  readonly folder: boolean;
}

/** More files than this are no manifests. */
const most = 10_000;

/**
 * What stands at `path`, undefined where nothing does. Refuses whatever is outside of the project, behind links too.
 * `from`: the folder where a relative path starts. `says` tells where it was written: `web's manifests`.
 */
export async function within(
  root: string,
  path: string,
  says: string,
  from?: string,
): Promise<Found | undefined> {
  const home = await realpath(root);
  const named = resolve(from ?? home, path);
  const outside = (): never =>
    refuse(`${says}: ${quoted(line(path))} is outside of the project, so name a path in it.`);
  if (path.includes("\0") || isAbsolute(path) || !inside(home, named)) outside();
  const real = await realpath(named).catch(absent);
  if (real === undefined) return undefined;
  if (!inside(home, real)) outside();
  const name = relative(home, real).split(sep).join("/");
  return {
    path: real,
    name: line(name) || "the project",
    folder: (await stat(real)).isDirectory(),
  };
}

/** The file's text. Refuses one that is larger than manifests are. */
export async function textOf(file: Found): Promise<string> {
  if ((await stat(file.path)).size > limits.text)
    refuse(`${file.name} is larger than 5 MB: that is more than Shipmate reads as manifests.`);
  return readFile(file.path, "utf8");
}

/** The names in a folder, sorted. */
export async function namesIn(folder: Found): Promise<readonly string[]> {
  return (await readdir(folder.path)).sort();
}

/**
 * What tells one state of a folder from another: all files below it with their sizes and times. Refuses links that
 * lead out of the project, since a tool would follow them.
 */
export async function fingerprint(root: string, folder: Found): Promise<string> {
  const found: string[] = [];
  const visit = async (path: string): Promise<void> => {
    for (const name of (await readdir(path)).sort()) {
      const file = join(path, name);
      const at = await lstat(file);
      if (at.isSymbolicLink()) await within(root, relative(path, file), folder.name, path);
      found.push(`${file} ${at.size} ${at.mtimeMs} ${at.ctimeMs} ${at.ino}`);
      if (found.length > most) refuse(`${folder.name} has more than 10,000 files.`);
      if (at.isDirectory()) await visit(file);
    }
  };
  await visit(folder.path);
  return found.join("\n");
}

const inside = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

function absent(error: unknown): undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (["ENOENT", "ENOTDIR", "ELOOP"].includes(String(code))) return undefined;
  throw new Error("reading the manifests", { cause: error });
}
