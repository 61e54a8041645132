/** Reads what has been added to a log file since the last time, in lines, in bounded memory. */
import { open, stat } from "node:fs/promises";
import { plain } from "../../observe/text.ts";
import { processOf, stamped } from "./log-file.ts";

export interface Line {
  readonly text: string;
  readonly from: string;
  readonly at: number;
}

export interface Reader {
  readonly path: string;
  /** Lines that are complete by now. With `whole`, an unfinished last one too. */
  read(whole: boolean): AsyncIterable<Line>;
}

/** Characters. A longer line comes in pieces. */
const longest = 64_000;

/** A line without a time of its own has that of the line before it. */
export function reader(path: string, service: string): Reader {
  const { n, version } = processOf(path);
  const from = `${service}-${version}-${n}`;
  let offset = 0;
  /** When the older part was written: it changes exactly when the file is set aside. */
  let aside: number | undefined;
  let rest = "";
  let at = 0;
  const decoder = new TextDecoder();
  const line = (raw: string): Line => {
    const { at: own, text } = stamped(raw);
    at = own ?? at;
    return { text: plain(text), from, at };
  };

  async function* part(of: string): AsyncIterable<Line> {
    const file = await open(of, "r").catch(() => undefined); // thrown away meanwhile
    if (!file) return;
    try {
      const { size, birthtimeMs } = await file.stat();
      at ||= Math.floor(birthtimeMs);
      const bytes = Buffer.alloc(64_000);
      while (offset < size) {
        const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
        if (bytesRead === 0) break;
        offset += bytesRead;
        rest += decoder.decode(bytes.subarray(0, bytesRead), { stream: true });
        const lines = rest.split("\n");
        rest = lines.pop() ?? "";
        for (const raw of lines) for (const piece of pieces(raw)) yield line(piece);
        while (rest.length > longest) {
          yield line(rest.slice(0, longest));
          rest = rest.slice(longest);
        }
      }
    } finally {
      await file.close();
    }
  }

  async function* read(whole: boolean): AsyncIterable<Line> {
    const before = aside;
    aside = await written(`${path}.1`);
    if (before !== undefined && before !== aside) {
      yield* part(`${path}.1`); // set aside meanwhile: first what was still to be read there
      offset = 0;
    }
    yield* part(path);
    if (whole && rest !== "") {
      const last = rest;
      rest = "";
      yield line(last);
    }
  }
  return { path, read };
}

/** When the file was last written, in milliseconds since 1970; 0 where it is gone. */
export async function written(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

function pieces(text: string): readonly string[] {
  if (text.length <= longest) return [text];
  return [text.slice(0, longest), ...pieces(text.slice(longest))];
}
