/** Reads `manifests/platform.yaml` as a whole: all of it is right, or nothing of it is taken. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Document, LineCounter, parseDocument, visit } from "yaml";
import { canonical } from "../core/plan.ts";
import { misfits } from "./misfits.ts";
import { mistakes } from "./mistakes.ts";
import { positions, type Spot } from "./positions.ts";
import { Platform } from "./schema.ts";

/** What is wrong with a manifest. The message has one line a mistake: file, line and one sentence. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
  readonly file: string;
  /** At least one, in the order of the file. Lines and columns count from 1. */
  readonly mistakes: readonly Mistake[];
  constructor(file: string, mistakes: readonly Mistake[]) {
    super(mistakes.map((m) => `${file} line ${m.line}: ${m.says}`).join("\n"));
    this.file = file;
    this.mistakes = mistakes;
  }
}
export interface Mistake extends Spot {
  readonly says: string;
}

/** The platform that `file` describes. Throws a ManifestError where it is broken, and what reading throws where it can't be read. */
export async function loadPlatform(file: string): Promise<Platform> {
  return parsePlatform(file, await readText(file));
}

/** The same from text; `file` is its name in what is said. */
export function parsePlatform(file: string, text: string): Platform {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = [...document.errors, ...document.warnings, ...danglingAliases(document)].map(
    ({ message, pos }) => {
      const { line, col } = lines.linePos(pos[0]);
      return { line, column: col, says: sentence(message) };
    },
  );
  if (broken.length > 0) throw new ManifestError(file, inOrder(broken));
  const spot = positions(document, lines);
  const read = Platform.safeParse(toData(file, document));
  if (!read.success) {
    const found = mistakes(read.error.issues).map((m) => ({
      ...spot(m.path, m.key),
      says: m.says,
    }));
    throw new ManifestError(file, inOrder(found));
  }
  const wrong = misfits(read.data).map((m) => ({ ...spot(m.path), says: m.says }));
  if (wrong.length > 0) throw new ManifestError(file, inOrder(wrong));
  const version = createHash("sha256").update(canonical(read.data)).digest("hex");
  return { ...read.data, version };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new Error(`reading ${file}`, { cause });
  }
}

function danglingAliases(document: Document) {
  const found: { readonly message: string; readonly pos: readonly [number] }[] = [];
  visit(document, {
    Alias(_, node) {
      if (node.resolve(document)) return;
      const message = `*${node.source} stands for nothing: there is no &${node.source} above it.`;
      found.push({ message, pos: [node.range?.[0] ?? 0] });
    },
  });
  return found;
}

/** A file may expand to a hundred times its aliases at most; more is taken for an attack. */
function toData(file: string, document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const says = sentence(cause instanceof Error ? cause.message : String(cause));
    throw new ManifestError(file, [{ line: 1, column: 1, says }]);
  }
}

const sentence = (text: string): string => {
  const first = text.split("\n")[0]?.trim() ?? "";
  return /[.?]$/.test(first) ? first : `${first}.`;
};

const inOrder = (found: readonly Mistake[]): readonly Mistake[] =>
  found.toSorted((a, b) => a.line - b.line || a.column - b.column);
