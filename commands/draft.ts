/** `draft user-api` */
import { defineCommand, webServiceFields, webServiceText } from "shipmate";

export default defineCommand({
  name: "draft",
  summary: "Write the short manifest of a new service",
  examples: [
    "draft user-api ghcr.io/acme/user-api",
    "draft user-api ghcr.io/acme/user-api host=api.example.com database=small",
  ],
  args: webServiceFields,
  privately: true,
  run: ({ args }) => ({
    title: `${args.name}.yaml`,
    says: `Put this into manifests/services/${args.name}.yaml, and name that file under services in manifests/platform.yaml.`,
    code: { text: webServiceText(args), language: "yaml" },
  }),
});
