/** A test issuer on this machine: signs tokens like the Bot Connector's, and publishes its keys as OpenID metadata. */
import { createSign, generateKeyPairSync, type KeyObject, randomUUID } from "node:crypto";

export interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly serviceurl: string;
  /** Seconds since 1970. */
  readonly nbf: number;
  readonly exp: number;
}

/** Made once: looking for primes takes longer than most tests. */
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

export function issuer(name: string) {
  const kid = randomUUID();
  return {
    name,
    keys: [{ ...publicKey.export({ format: "jwk" }), kid, use: "sig", endorsements: ["msteams"] }],
    token: (claims: Claims, by: KeyObject = privateKey) => signed(claims, kid, by),
  };
}

/** A key of somebody else's. */
export function anotherKey(): KeyObject {
  return generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
}

function signed(claims: Claims, kid: string, key: KeyObject): string {
  const parts = [{ alg: "RS256", typ: "JWT", kid }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString("base64url"),
  );
  const text = parts.join(".");
  return `${text}.${createSign("RSA-SHA256").update(text).sign(key).toString("base64url")}`;
}
