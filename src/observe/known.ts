/** Finds known secret values in a text, in each of their usual encodings. */

/** A stretch of a text, from `start` up to but not including `end`. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/**
 * Secrets shorter than this are not looked for: three characters stand by chance in ordinary words and
 * numbers, so that hiding them would make the log unreadable and, by the holes, tell the value.
 */
export const shortest = 4;

/**
 * A search for all these values at once: plain, JSON-escaped (once and twice, with and without
 * ASCII only), URL-encoded (also as a form field), HTML-escaped, hexadecimal in both cases, and
 * base64 in both alphabets wherever the value starts inside the encoded bytes. A value of several lines
 * is looked for line by line too. Gives stretches in order, none touching another.
 */
export function search(secrets: readonly string[]): (text: string) => readonly Stretch[] {
  const byStart = new Map<number, Needle[]>();
  const starts = new Uint8Array(1 << 16);
  for (const needle of needlesOf(secrets)) {
    const start = hash(needle.text, 0);
    starts[start] = 1;
    byStart.set(start, [...(byStart.get(start) ?? []), needle]);
  }
  if (byStart.size === 0) return () => [];
  return (text) => {
    const found: Stretch[] = [];
    for (let at = 0; at + shortest <= text.length; at++) {
      const start = hash(text, at);
      if (starts[start] === 0) continue;
      for (const needle of byStart.get(start) ?? [])
        if (text.startsWith(needle.text, at)) add(found, widened(text, at, needle));
    }
    return found;
  };
}

interface Needle {
  readonly text: string;
  /** The characters beside it hold bits of the secret too. */
  readonly base64: boolean;
}

function needlesOf(secrets: readonly string[]): readonly Needle[] {
  const needles = new Map<string, Needle>();
  const put = (text: string, base64: boolean) => {
    if (text.length >= shortest && !needles.has(text)) needles.set(text, { text, base64 });
  };
  for (const secret of secrets.flatMap(withItsLines)) {
    for (const text of spellings(secret)) put(text, false);
    for (const text of inBase64(secret)) put(text, true);
  }
  return [...needles.values()];
}

/** Logs come line by line: so does a private key in them. */
function withItsLines(secret: string): readonly string[] {
  const whole = secret.trim();
  if (whole.length < shortest) return [];
  const lines = whole.split(/\r?\n/);
  return lines.length === 1 ? [whole] : [whole, ...lines.filter((line) => line.length >= 16)];
}

function spellings(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const url = encodeURIComponent(secret.toWellFormed());
  const strict = url.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams([["", secret]]).toString().slice(1);
  const urls = [url, strict, form, encodeURI(secret.toWellFormed())];
  const hex = Buffer.from(secret).toString("hex");
  return [
    secret,
    json,
    ascii(json),
    json.replaceAll("/", "\\/"),
    JSON.stringify(json).slice(1, -1),
    ...urls,
    ...urls.map((text) => text.replaceAll("%20", "+")),
    ...urls.map((text) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())),
    html(secret),
    html(secret).replaceAll('"', "&quot;").replaceAll("'", "&#39;"),
    hex,
    hex.toUpperCase(),
  ];
}

function ascii(text: string): string {
  return text.replace(
    /[\u0080-\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** What of the encoded text depends on the secret alone, for each of the three places where it may start. */
function inBase64(secret: string): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    const [start, end] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)];
    const core = bytes.toString("base64").slice(start, end);
    return [core, core.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** The first four characters in 16 bits. */
function hash(text: string, at: number): number {
  return (
    (text.charCodeAt(at) ^
      (text.charCodeAt(at + 1) << 3) ^
      (text.charCodeAt(at + 2) << 6) ^
      (text.charCodeAt(at + 3) << 9)) &
    0xffff
  );
}

/** A base64 stretch takes in the character on each side, which may hold up to four bits of it, and the padding. */
function widened(text: string, at: number, needle: Needle): Stretch {
  let [start, end] = [at, at + needle.text.length];
  if (!needle.base64) return { start, end };
  if (start > 0 && digit.test(text.charAt(start - 1))) start--;
  if (digit.test(text.charAt(end))) end++;
  while (text.charAt(end) === "=" && end < at + needle.text.length + 3) end++;
  return { start, end };
}
const digit = /^[A-Za-z0-9+/_-]$/;

/** Stretches come with rising starts, but for the one character by which one may be wider. */
function add(found: Stretch[], next: Stretch): void {
  let { start, end } = next;
  for (let last = found.at(-1); last !== undefined && last.end >= start; last = found.at(-1)) {
    start = Math.min(start, last.start);
    end = Math.max(end, last.end);
    found.pop();
  }
  found.push({ start, end });
}
