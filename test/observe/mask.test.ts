import { inspect } from "node:util";
import { expect, test } from "vitest";
import { masker } from "../../src/observe/mask.ts";
import { effort } from "../effort.ts";

/** A repeatable stream of numbers from 0 up to below 1 (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function drawn(random: () => number, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const awkward = `${letters} !"#$%&'()*+,-./:;<=>?@[\\]^_{|}~äß€😀\t`;

const encodings: { readonly [name: string]: (secret: string, random: () => number) => string } = {
  plain: (secret) => secret,
  JSON: (secret) => JSON.stringify({ value: secret }),
  "JSON in JSON": (secret) => JSON.stringify(JSON.stringify({ value: secret })),
  "JSON in ASCII": (secret) =>
    JSON.stringify(secret).replace(
      /[\u0080-\uFFFF]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  "URL-encoded": (secret) => `/?q=${encodeURIComponent(secret)}&x=1`,
  "a form field": (secret) => new URLSearchParams({ q: secret }).toString(),
  "HTML, as Slack wants it": (secret) =>
    secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
  hex: (secret) => Buffer.from(secret).toString("hex"),
  "hex in capitals": (secret) => Buffer.from(secret).toString("hex").toUpperCase(),
  base64: (secret, random) => inside(secret, random).toString("base64"),
  base64url: (secret, random) => inside(secret, random).toString("base64url"),
  "base64 with padding": (secret) => Buffer.from(secret).toString("base64"),
};

/** The secret after none to eight bytes and before none to eight. */
function inside(secret: string, random: () => number): Buffer {
  const some = () => drawn(random, letters, Math.floor(random() * 9));
  return Buffer.from(some() + secret + some());
}

test.each(Object.keys(encodings))("a known secret is found as %s wherever it stands", (name) => {
  const random = chance(name.length * 7919);
  for (let round = 0; round < 300; round++) {
    const body = drawn(random, awkward, 4 + Math.floor(random() * 40));
    const secret = `${drawn(random, letters, 3)}${body}${drawn(random, letters, 2)}`.toWellFormed();
    const shown = encodings[name]?.(secret, random) ?? "";
    const before = drawn(random, `${letters} \n`, Math.floor(random() * 60));
    const after = drawn(random, `${letters} \n`, Math.floor(random() * 60));
    const { text } = masker({ secrets: () => ["another-secret", secret] });
    const masked = text(`${before} ${shown} ${after}`);
    expect(masked, secret).toContain("[secret]");
    expect(masked).not.toContain(secret);
    for (const decoded of readings(masked)) expect(decoded).not.toContain(secret.slice(2, -2));
  }
});

/** What somebody could make of a text again. */
function readings(text: string): string[] {
  const words = text.split(/[^A-Za-z0-9+/=_-]+/).filter((word) => word.length >= 4);
  return words.flatMap((word) => [
    ...[0, 1, 2, 3].map((skip) => Buffer.from(word.slice(skip), "base64").toString()),
    ...[0, 1].map((skip) => Buffer.from(word.slice(skip), "hex").toString()),
  ]);
}

// Put together here, so that no scanner takes this file for a leak.
const tokens: { readonly [name: string]: (random: () => number) => string } = {
  "Slack bot": (r) => `xox${"b"}-${digits(r, 12)}-${digits(r, 12)}-${drawn(r, letters, 24)}`,
  "Slack app": (r) => `xapp-${"1"}-A${digits(r, 10)}-${digits(r, 13)}-${drawn(r, letters, 64)}`,
  "Slack refresh": (r) => `xox${"e"}-1-${drawn(r, letters, 80)}`,
  "GitHub classic": (r) => `gh${"p"}_${drawn(r, letters, 36)}`,
  "GitHub app": (r) => `gh${"s"}_${drawn(r, letters, 36)}`,
  "GitHub fine-grained": (r) => `github_${"pat"}_${drawn(r, letters, 22)}_${drawn(r, letters, 59)}`,
  GitLab: (r) => `gl${"pat"}-${drawn(r, letters, 19)}7`,
  "Google API key": (r) => `AI${"za"}${drawn(r, `${letters}_-`, 35)}`,
  "Google access": (r) => `ya${"29"}.${drawn(r, `${letters}_-`, 60)}`,
  Stripe: (r) => `sk_${"live"}_${drawn(r, letters, 24)}`,
  "Stripe webhook": (r) => `wh${"sec"}_${drawn(r, letters, 32)}`,
  npm: (r) => `np${"m"}_${drawn(r, letters, 36)}`,
  Vault: (r) => `hv${"s"}.${drawn(r, letters, 24)}`,
  JWT: (r) =>
    [{ alg: "HS256", typ: "JWT" }, { sub: drawn(r, letters, 12) }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .concat(drawn(r, `${letters}_-`, 43))
      .join("."),
};
function digits(random: () => number, length: number): string {
  return drawn(random, "0123456789", length);
}

test.each(Object.keys(tokens))("a %s token is hidden anywhere and its kind is named", (name) => {
  const { text } = masker({ secrets: () => [] });
  const random = chance(name.length * 104_729);
  for (let round = 0; round < 100; round++) {
    const token = tokens[name]?.(random) ?? "";
    const [open, close] = [
      ["", ""],
      [" ", " "],
      ['"', '"'],
      ["(", ")"],
      ["x=", "&"],
      ["\n", "\n"],
    ][round % 6] ?? ["", ""];
    const before = drawn(random, `${letters} .:\n`, Math.floor(random() * 9_000));
    const masked = text(`${before} ${open}${token}${close} ${drawn(random, letters, 40)}`);
    expect(masked).not.toContain(token.slice(0, 20));
    expect(masked).not.toContain(token.slice(-16));
    expect(masked).toMatch(/\[secret [A-Za-z ]+\]/);
  }
});

test("an AWS key is hidden together with the secret key that follows it", () => {
  const random = chance(5);
  const [id, key] = [
    `AK${"IA"}${drawn(random, "ABCDEFGHIJ234567", 16)}`,
    drawn(random, letters, 40),
  ];
  const { text } = masker({ secrets: () => [] });
  expect(text(`found ${id} here`)).toBe("found [secret AWS key] here");
  expect(text(`${id}:${key}`)).toBe("[secret AWS key]");
  expect(text(`aws_secret_access_key = ${key}`)).toBe("aws_secret_access_key = [secret]");
});

test.each(["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"])(
  "a PEM block of a %s is hidden as a whole, also inside JSON and cut off",
  (kind) => {
    const { text } = masker({ secrets: () => [] });
    const body = Array.from({ length: 25 }, (_, at) => drawn(chance(at), `${letters}+/`, 64)).join(
      "\n",
    );
    const pem = `-----BEGIN ${kind}-----\nProc-Type: 4,ENCRYPTED\n\n${body}\n-----END ${kind}-----`;
    expect(text(`key: ${pem}\nnext`)).toBe("key: [secret private key]\nnext");
    expect(text(JSON.stringify({ key: pem, and: "more" }))).toBe(
      '{"key":"[secret private key]","and":"more"}',
    );
    expect(text(pem.slice(0, 900))).toBe("[secret private key]");
  },
);

test.each([
  ["Authorization: Bearer abc.def-123", "Authorization: Bearer [secret]"],
  ['curl -H "authorization: Basic YWRhOmh1bnRlcjI="', 'curl -H "authorization: Basic [secret]"'],
  ["sent bearer 0123456789abcdef to it", "sent bearer [secret] to it"],
  ["sent Basic YWRhOmh1bnRlcjI= to it", "sent Basic [secret] to it"],
  ['{"authorization":"token abcdef"}', '{"authorization":"token [secret]"}'],
  ["Cookie: session=abc; theme=dark", "Cookie: [secret]"],
  ["postgres://ada:hunter2@db:5432/web", "postgres://ada:[secret]@db:5432/web"],
  ["redis://:hunter2@localhost", "redis://:[secret]@localhost"],
  ["postgres://ada:hun@ter2@db/web", "postgres://ada:[secret]@db/web"],
  ["password=hunter2 user=ada", "password=[secret] user=ada"],
  ["DB_PASSWORD='hunter two'", "DB_PASSWORD='[secret]'"],
  ['"clientSecret": "hunter2", "n": 1', '"clientSecret": "[secret]", "n": 1'],
  ["api_key: 0123abc", "api_key: [secret]"],
  ["API-KEY=0123abc&next=1", "API-KEY=[secret]&next=1"],
  ["?access_token=abc,def&page=2", "?access_token=[secret]&page=2"],
  ["Server=db;Password=a;b7;Database=web", "Server=db;Password=[secret];Database=web"],
  ["login --password hunter2 --user ada", "login --password [secret] --user ada"],
  ["https://a.blob/x?sv=2&sig=abc%2Fdef&se=3", "https://a.blob/x?sv=2&sig=[secret]&se=3"],
])("%s is hidden where the value stands", (from, to) => {
  const { text } = masker({ secrets: () => [] });
  expect(text(from)).toBe(to);
  expect(text(to), "masking twice changes nothing").toBe(to);
});

test.each([
  "web 1.4.1 → 1.4.2, pid 4711, took 48 s, exit code 1 after 0.3 s",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "digest 3f9a01c2, run 41, commit 57e79ee0c1d2a3b4c5d6e7f8091a2b3c4d5e6f70",
  "01890a5d-ac96-774b-bcce-b302099a8057",
  "http://127.0.0.1:40123/healthz answered 200 (user ada@example.com)",
  "image registry:5000/web@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "a basic understanding of bearer authentication is required",
  "the token is missing, the password was wrong, secrets: 3",
  "token=null password: required api_key=$API_KEY secret=<none>",
  "PWD=/srv/web task-scheduler-of-the-platform glove-compartment-in-the-car",
  "eyJhIjoxfQ is base64 of an object",
  "deploy web 1.4.2 to production",
])("%s stays as it is", (text) => {
  expect(masker({ secrets: () => [] }).text(text)).toBe(text);
});

test("a secret of fewer than four characters is not looked for", () => {
  const { text } = masker({ secrets: () => ["ab", "", "   ", "xyz", "wxyz"] });
  expect(text("ab xyz wxyz")).toBe("ab xyz [secret]");
});

test("secrets that overlap leave nothing of either", () => {
  const { text } = masker({ secrets: () => ["abcdefgh", "efghijkl", "abcd"] });
  expect(text("-abcdefghijkl-abcd-")).toBe("-[secret]-[secret]-");
});

test("the lines of a secret with several lines are hidden one by one too", () => {
  const lines = [drawn(chance(1), letters, 64), drawn(chance(2), letters, 64)];
  const { text } = masker({ secrets: () => [`${lines.join("\n")}\n`] });
  expect(text(`first ${lines[0]}`)).toBe("first [secret]");
  expect(text(lines.join("\n"))).toBe("[secret]");
});

test("a secret that becomes known later is hidden from then on", () => {
  const secrets: string[] = [];
  const { text } = masker({ secrets: () => secrets });
  expect(text("rotated-value")).toBe("rotated-value");
  secrets.push("rotated-value");
  expect(text("rotated-value")).toBe("[secret]");
});

test("data is masked in depth, in keys and under telling names, and the original stays", () => {
  const { data } = masker({ secrets: () => ["s3cr3t-value"] });
  const original = {
    says: "with s3cr3t-value",
    list: [{ "s3cr3t-value": 1 }, null, 7, true],
    password: "hunter2",
    env: { API_TOKEN: 12345, DEBUG: "1" },
    secret: { name: "web-db" },
    map: new Map([["s3cr3t-value", "s3cr3t-value"]]),
    set: new Set(["s3cr3t-value"]),
    at: new Date(0),
    url: new URL("http://h/?q=s3cr3t-value"),
  };
  const before = inspect(original, { depth: 9 });
  const masked = data(original);
  expect(inspect(original, { depth: 9 })).toBe(before);
  expect(inspect(masked, { depth: 9 })).not.toMatch(/s3cr3t-value|hunter2|12345/);
  expect(masked).toMatchObject({
    says: "with [secret]",
    list: [{ "[secret]": 1 }, null, 7, true],
    env: { DEBUG: "1" },
    secret: { name: "web-db" },
    at: original.at,
  });
});

test("an error stays an error and is masked in message, stack, cause and all that it carries", () => {
  const { data } = masker({ secrets: () => ["s3cr3t-value"] });
  const cause = Object.assign(new TypeError("bad s3cr3t-value"), {
    config: { auth: "s3cr3t-value" },
  });
  const error = new AggregateError([cause], "asking with s3cr3t-value", { cause });
  const masked = data(error);
  expect(masked).toBeInstanceOf(AggregateError);
  expect(masked.cause).toBeInstanceOf(TypeError);
  expect(masked.message).toBe("asking with [secret]");
  expect(masked.stack).toContain("asking with [secret]");
  expect(inspect(masked, { depth: 9, showHidden: true })).not.toContain("s3cr3t-value");
});

test("JSON stays JSON when it is masked as text", () => {
  const { text } = masker({ secrets: () => ["s3cr3t-value"] });
  const values = [
    { password: 'hun"ter\\2', token: "a\\", next: "password=a\\" },
    { says: 'password="hunter2"', and: "cookie: a=b\\", more: 'authorization: x"' },
    {
      key: "-----BEGIN PRIVATE KEY-----\nabc",
      url: "http://a:b\\@c",
      "s3cr3t-value": "s3cr3t-value",
    },
    { says: 'Bearer 0123456789abcdef"', list: ["secret=\n", "api_key:\t", '--token "x" y'] },
  ];
  for (const value of [...values, ...values.map((inner) => ({ body: JSON.stringify(inner) }))]) {
    const masked = text(JSON.stringify(value));
    expect(Object.keys(JSON.parse(masked)), masked).toHaveLength(Object.keys(value).length);
    expect(masked).not.toMatch(/hunter|s3cr3t/);
  }
});

test("circular and very deep data come to an end", () => {
  const { data } = masker({ secrets: () => [] });
  const ring: { self?: unknown; text: string } = { text: "password=hunter2" };
  ring.self = ring;
  const masked = data(ring);
  expect(masked.self).toBe(masked);
  expect(masked.text).toBe("password=[secret]");
  let deep: unknown = "s";
  for (let depth = 0; depth < 50_000; depth++) deep = [deep];
  expect(JSON.stringify(data(deep))).toContain("[too deep]");
});

test("a megabyte of anything takes time by its length, not by what it says", () => {
  const known = Array.from({ length: 20 }, (_, at) => drawn(chance(at), letters, 32));
  const { text } = masker({ secrets: () => known });
  const seeds = [
    "web 1.4.2 started pid=4711 url=http://127.0.0.1:3000/ sha256:9f86d081884c7d65 \n",
    "a",
    "A",
    "0",
    " ",
    "-",
    "=",
    "\\",
    '"',
    "eyJ",
    "-eyJ",
    "eyJabcdefghijk.",
    "xoxb-",
    "ghp_",
    "AKIA",
    "-----BEGIN PRIVATE KEY-----",
    "bearer ",
    "basic ",
    "authorization: x a=",
    "cookie: a=",
    "://",
    "://a:",
    "password",
    'password:"',
    "password=a,",
    "password=a\\",
    "secret_",
    "--token ",
    "sk-",
    ...known.slice(0, 2),
  ];
  for (const seed of seeds) {
    const megabyte = seed.repeat(Math.ceil(1_000_000 / seed.length));
    const began = effort();
    text(megabyte);
    expect(effort() - began, JSON.stringify(seed)).toBeLessThan(1_000);
  }
});
