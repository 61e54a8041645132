/** Reads which modules a source file imports, by its words: TypeScript 7 has no API to ask. */

/** A template is a text only where nothing is put into it; else it comes in pieces. */
type Token = {
  readonly kind: "word" | "mark" | "text" | "template" | "piece";
  readonly text: string;
};

/** The modules a file names in `import`, `export … from`, `import()` and `require()`, in order; a computed name is `undefined`. */
export function importsOf(source: string): readonly (string | undefined)[] {
  const tokens = tokenise(source);
  return tokens.flatMap((token, place) => {
    if (token.kind !== "word" || tokens[place - 1]?.text === ".") return [];
    const [next, after, then] = tokens.slice(place + 1, place + 4);
    if (token.text === "from" || token.text === "import") {
      if (next?.kind === "text") return [next.text];
    }
    if (token.text !== "import" && token.text !== "require") return [];
    if (next?.text !== "(" || next.kind !== "mark") return [];
    const whole = then?.kind === "mark" && [")", ","].includes(then.text);
    const plain = after?.kind === "text" || after?.kind === "template";
    return [plain && whole ? after.text : undefined];
  });
}

/** Whether the file reads the environment, in any of the ways to write it. */
export function readsEnvironment(source: string): boolean {
  const tokens = tokenise(source);
  const named = tokens.some((token, place) => {
    if (token.kind !== "word" || token.text !== "process") return false;
    const after = tokens.slice(place + 1, place + 5).map(({ text }) => text);
    if (after[0] === "." || after[0] === "?") return after.slice(1, 3).includes("env");
    return after[0] === "[" ? after[1] === "env" : false;
  });
  const taken = tokens.some(
    (token, place) =>
      token.text === "process" &&
      tokens[place - 1]?.text === "=" &&
      tokens[place - 2]?.text === "}",
  );
  return named || taken || importsEnvironment(tokens);
}

/** Taken from node:process by its name, or with the whole of it. */
function importsEnvironment(tokens: readonly Token[]): boolean {
  return tokens.some((token, place) => {
    if (token.kind !== "text" || !["process", "node:process"].includes(token.text)) return false;
    const before = tokens.slice(0, place).map(({ text }) => text);
    const names = before.slice(before.lastIndexOf("import") + 1);
    return names.at(-1) === "from"
      ? !names.includes("{") || names.includes("env")
      : names.at(-1) === "(";
  });
}

const piece = [
  /(?<skip>\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*)/u,
  /(?<text>"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')/u,
  /(?<word>[\p{ID_Start}$_#][\p{ID_Continue}$]*|\d[\w.]*)/u,
  /(?<mark>[\s\S])/u,
]
  .map(({ source }) => source)
  .join("|");

/** Words, texts and marks, without comments; what stands in the `${}` of a template is code like any other. */
function tokenise(source: string): readonly Token[] {
  const tokens: Token[] = [];
  const pieces = new RegExp(piece, "uy");
  const pattern = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
  /** How many braces are open in each `${}` that is open. */
  const open: number[] = [];
  let place = 0;
  while (place < source.length) {
    const sort = source[place];
    if (sort === "`" || (sort === "}" && open.at(-1) === 0)) {
      if (sort === "}") open.pop();
      const end = endOfChunk(source, place + 1);
      const kind = sort === "`" && source[end] === "`" ? "template" : "piece";
      tokens.push({ kind, text: source.slice(place + 1, end) });
      if (source[end] === "$") open.push(0);
      place = source[end] === "$" ? end + 2 : end + 1;
      continue;
    }
    pattern.lastIndex = place;
    const regex = sort === "/" && mayStartAPattern(tokens.at(-1)) ? pattern.exec(source) : null;
    if (regex !== null && !/^\/[/*]/.test(regex[0])) {
      tokens.push({ kind: "piece", text: "" });
      place += regex[0].length;
      continue;
    }
    pieces.lastIndex = place;
    const found = pieces.exec(source);
    if (found === null) throw new Error(`reading a source file at character ${place}`);
    place += found[0].length;
    const { text, word, mark } = found.groups ?? {};
    if (text !== undefined) tokens.push({ kind: "text", text: text.slice(1, -1) });
    if (word !== undefined) tokens.push({ kind: "word", text: word });
    if (mark !== undefined) tokens.push({ kind: "mark", text: mark });
    if (open.length > 0 && mark === "{") open.push((open.pop() ?? 0) + 1);
    if (open.length > 0 && mark === "}") open.push((open.pop() ?? 0) - 1);
  }
  return tokens;
}

/** Where a template's text ends: at its closing backtick or at the `$` of the next `${`. */
function endOfChunk(source: string, from: number): number {
  for (let place = from; place < source.length; place += 1) {
    if (source[place] === "\\") place += 1;
    else if (source[place] === "`" || source.startsWith("${", place)) return place;
  }
  return source.length;
}

/** After a value a slash divides; else it starts a regular expression. */
function mayStartAPattern(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === "mark") return ![")", "]", "}"].includes(before.text);
  if (before.kind !== "word") return false;
  return ["return", "typeof", "case", "in", "of", "await", "yield", "void"].includes(before.text);
}
