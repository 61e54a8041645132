/**
 * What secrets look like where nobody told us their value.
 *
 * Rules for writing a rule: nothing stands after an open-ended repetition that it could not consume
 * itself, unless it is optional, so that each character is consumed once and the time grows with the
 * length alone; where a shape needs a second look (`keep`), the match is looked at as a whole. So no
 * line is too long, and none has to be cut. What surrounds
 * a value (`password=`, its quotes) stays, so that JSON stays JSON.
 */

/** A shape. The named group `head` stays as it is, the rest of the match is hidden. */
export interface Pattern {
  readonly what: string;
  readonly shape: RegExp;
  /** Looks like it, but is none. */
  keep?(match: string, value: string): boolean;
}

/** Shown where a known value stood. */
export const hidden = "[secret]";

/** The text with everything that looks like a secret hidden, and named: `[secret GitHub token]`. */
export function hide(text: string): string {
  let out = text;
  for (const { what, shape, keep } of patterns)
    out = out.replace(shape, (match: string, ...rest: unknown[]) => {
      const head = headOf(rest.at(-1));
      const value = match.slice(head.length);
      if (keep?.(match, value) === true) return match;
      return `${head}${what === "" ? hidden : `[secret ${what}]`}`;
    });
  return out;
}

/** A field or setting of this name holds a secret. */
export function namesSecret(name: string): boolean {
  return secretName.test(name);
}

function headOf(groups: unknown): string {
  if (typeof groups !== "object" || groups === null || !("head" in groups)) return "";
  return typeof groups.head === "string" ? groups.head : "";
}

const word =
  "pass(?:word|wd|phrase)|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|credentials?";
const longWord = "secret[_-]?(?:access[_-]?)?key|pass(?:word|wd|phrase)[_-]?hash";
const secretName = new RegExp(`(?:${word}|${longWord}|authorization|cookie)$`, "i");
/** In quotes, escaped ones too, up to the closing one; the closing one stays, so that JSON stays JSON. */
const quoted = `(?<=")(?:[^"\\\\]|\\\\[^"]){1,4000}|(?<=')(?:[^'\\\\]|\\\\.){1,4000}`;
/** Without quotes it ends at white space, and at a separator behind which the next field begins. */
const bare = `(?:[^\\s"'\`,;&\\\\]|\\\\[^"'\\s]|[,;&](?![\\s,;&]|$|[\\w.-]{1,40}\\s?[=:])){1,4000}`;
/** What stands for a value without being one. */
const noValue =
  /^["'\\]{0,3}(?:\[secret.*|\$\{.*|\$[A-Z_]+|\{\{.*|%[A-Z_]+%|%[sdv]|<.*>|\*{2,}|true|false|null|nil|none|undefined|required|optional|missing|empty|unset|yes|no|expired|invalid|unknown|string)?["'\\]{0,3}$/i;

/** In this order: the ones that take more come first. */
const patterns: readonly Pattern[] = [
  {
    what: "private key",
    shape:
      /-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----(?:[^-"'\\]|\\[^"']|-(?!----)){0,20000}(?:-----END [A-Z0-9 ]{0,48}-----)?/g,
  },
  {
    what: "JSON web token",
    // Without a second part it is any base64 of an object's beginning.
    shape: /eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{2,}){0,4}\.?/g,
    keep: (match) => !/\.[A-Za-z0-9_-]/.test(match),
  },
  {
    what: "Slack token",
    shape: /xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%/+=-]{8,}|xapp-\d-[A-Za-z0-9-]{8,}/g,
  },
  {
    what: "webhook address",
    shape:
      /(?<head>hooks\.slack\.com\/(?:services|workflows|triggers)\/|webhook\.office\.com\/webhookb2\/|discord(?:app)?\.com\/api\/webhooks\/)[A-Za-z0-9/@_-]{8,}/g,
  },
  {
    what: "GitHub token",
    shape: /gh[a-z]_[A-Za-z0-9]{20,}(?:[._-][A-Za-z0-9_-]{8,}){0,4}|github_pat_[A-Za-z0-9_]{20,}/g,
  },
  { what: "GitLab token", shape: /gl[a-z]{2,5}-[A-Za-z0-9_-]{20,}/g, keep: withoutDigit },
  {
    what: "AWS key",
    shape:
      /(?<![A-Z0-9])(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z0-9]{16}(?![A-Za-z0-9])(?:[\s"',:;|&=/]{1,8}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=]))?/g,
  },
  {
    what: "Google key",
    shape:
      /AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|(?<!\w|:)1\/\/0[A-Za-z0-9_-]{20,}/g,
  },
  {
    what: "Stripe key",
    shape: /(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}/g,
  },
  {
    what: "API key",
    shape: /(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20,}/g,
    keep: withoutDigit,
  },
  {
    what: "token",
    shape:
      /npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}|do[oprt]_v1_[a-f0-9]{40,}|hv[sbr]\.[A-Za-z0-9_-]{20,}|SG\.[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]{16,})?|dckr_[a-z]{3,4}_[A-Za-z0-9_-]{20,}|atlasv1\.[A-Za-z0-9_-]{40,}|AGE-SECRET-KEY-1[0-9A-Z]{40,}|shp[a-z]{2}_[a-fA-F0-9]{32,}|gls?[ac]_[A-Za-z0-9_=+/]{20,}|(?<![a-z])dapi[a-f0-9]{32}|tskey-[a-z]{3,10}-[A-Za-z0-9-]{10,}|sntr[a-z]s_[A-Za-z0-9_=+/]{20,}|lin_api_[A-Za-z0-9]{20,}/g,
  },
  {
    what: "",
    // The rest of the line is credentials, whatever the scheme.
    shape:
      /(?<head>authorization\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?(?:(?:bearer|basic|digest|token|bot|apikey|negotiate|aws4-hmac-sha256)\s{1,4})?)[^\s"',\\]{3,}(?:[ ,]{1,2}[a-z]{2,20}=[^\s,"\\]{1,}){0,8}/gi,
    keep: (_, value) => noValue.test(value),
  },
  {
    what: "",
    shape: /(?<head>(?<![a-z])bearer\s{1,4})[A-Za-z0-9._~+/=-]{8,}/gi,
    keep: (_, value) => /^[a-z]+[.-]?[a-z]*\.?$/i.test(value) && value.length < 24,
  },
  {
    what: "",
    shape: /(?<head>(?<![a-z])basic\s{1,4})[A-Za-z0-9+/=_-]{6,}/gi,
    keep: (_, value) => !isBasic(value),
  },
  {
    what: "",
    shape: /(?<head>cookie\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?)[\w.-]{1,80}=[^\r\n"'\\]{1,}/gi,
  },
  {
    what: "",
    shape: /(?<head>:\/\/[^\s/:@"'<>?#]{0,256}:)[^\s/"'<>\\]{1,512}(?=@)/g,
  },
  {
    what: "",
    shape:
      /(?<head>[?&](?:sig|signature|x-amz-(?:signature|credential|security-token))=)[^\s&"'<>#]{4,}/gi,
  },
  {
    what: "",
    shape: new RegExp(
      `(?<head>(?:(?:${word}|${longWord})\\\\{0,7}["'\`]?\\s{0,4}(?:=>|:=|[=:])|--(?:${word})\\s|(?<![a-z])pwd=(?![/~.]))\\s{0,4}(?:\\\\{0,7}"|')?)(?:${quoted}|${bare})`,
      "gi",
    ),
    keep: (_, value) => noValue.test(value),
  },
];

/** A token has digits; `glove-compartment-of-something` has none. */
function withoutDigit(match: string): boolean {
  return !/\d/.test(match);
}

/** Base64 of `user:password`; "basic understanding" is none. */
function isBasic(value: string): boolean {
  const decoded = Buffer.from(value, "base64").toString("latin1");
  return /^[\x20-\x39\x3b-\x7e]*:[\x20-\xff]*$/.test(decoded);
}
