/** The fields of a short manifest that most services need, flat enough for a form in chat, and the file they make. */
import { stringify } from "yaml";
import { z } from "zod";
import { Host, Image, Name, Port } from "../platform/web-forms.ts";
import { parseWebService } from "./parse.ts";

export const webServiceFields = {
  name: Name.describe("what the service is called: user-api"),
  image: Image.describe("its image without a tag: ghcr.io/acme/user-api"),
  replicas: z.int().min(1).max(1000).default(2).describe("how many; it scales up from there"),
  port: Port.default(8080).describe("the port on which it answers HTTP"),
  host: Host.optional().describe("the name under which it is reached from outside"),
  database: z
    .enum(["small", "medium", "large"])
    .optional()
    .describe("the size of a PostgreSQL of its own"),
};
type Fields = z.output<z.ZodObject<typeof webServiceFields>>;

/** The manifest as YAML: what is as it would be anyway is left out. Throws a Refusal where the fields do not fit together. */
export function webServiceText({ name, image, replicas, port, host, database }: Fields): string {
  const manifest = {
    apiVersion: "platform.company.io/v1",
    kind: "WebService",
    metadata: { name },
    spec: {
      image,
      ...(port !== 8080 && { port }),
      replicas,
      ...(database !== undefined && { database: { type: "postgresql", size: database } }),
      ...(host !== undefined && { ingress: { host } }),
    },
  };
  parseWebService(manifest, `${name}.yaml`);
  return stringify(manifest);
}
