/** `services` */
import { defineCommand, directory, refuse } from "shipmate";
import { z } from "zod";
import status from "./status.ts";

export default defineCommand({
  name: "services",
  summary: "What there is, and whose it is",
  examples: ["services", "services payments"],
  args: { owner: z.string().max(63).optional().describe("only what this team owns") },
  async run({ args: { owner }, look }) {
    const all = await look(directory.services({}));
    const wanted = owner?.toLowerCase();
    const shown = all.filter((service) => wanted === undefined || service.owner === wanted);
    if (wanted !== undefined && shown.length === 0) {
      const owners = [...new Set(all.map((service) => service.owner))].join(", ");
      refuse(`No service belongs to "${owner}". Owners are: ${owners}.`);
    }
    return {
      title: wanted === undefined ? "Services" : `Services of ${wanted}`,
      ...(shown.length === 0 ? { says: "There is none yet: add one to platform.yaml." } : {}),
      columns: ["Service", "Owner", "What it is"],
      rows: shown.map((service) => [service.value, service.owner, service.says]),
      buttons: shown
        .slice(0, 3)
        .map(({ value }) => status.button(`Status of ${value}`, { service: value })),
    };
  },
});
