/** `queue`, `queue web in production` */
import { defineCommand, Environment, type InLine, Service } from "shipmate";
import { when } from "./parts/when.ts";

export default defineCommand({
  name: "queue",
  summary: "Who waits for whom",
  examples: ["queue", "queue web in production"],
  args: { service: Service.optional(), environment: Environment.optional() },
  words: { in: "environment" },
  async run({ args: { service, environment }, runs }) {
    const one = service !== undefined && environment !== undefined;
    const all = await runs.lines(one ? `${environment}/${service}` : undefined);
    const shown = all.filter(({ what }) => {
      const [name, place] = what.split(" in ");
      return (service ?? name) === name && (environment ?? place) === place;
    });
    const about = [service && `for ${service}`, environment && `in ${environment}`];
    const title = ["The queue", ...about.filter(Boolean)].join(" ");
    if (shown.length === 0) return { title, says: "Nobody waits for anybody else." };
    return {
      title,
      columns: ["For", "Run", "What", "By", "Place"],
      rows: shown.map((row) => [row.what, String(row.run), row.title, row.by.name, placeOf(row)]),
    };
  },
});

/** `under way, began 2 min ago`, `next`, `2nd` */
function placeOf({ place, since }: InLine): string {
  if (place === 0) return `under way, began ${when(since)}`;
  if (place === 1) return "next";
  const suffix = place === 2 ? "nd" : place === 3 ? "rd" : "th";
  return `${place}${suffix}`;
}
