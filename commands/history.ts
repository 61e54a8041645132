/** `history web in production` */
import { clusters, defineCommand, directory, Environment, Service } from "shipmate";
import { releaseRows } from "./parts/releases.ts";
import rollback from "./rollback.ts";

const most = 20;

export default defineCommand({
  name: "history",
  summary: "What was released, by whom, and what became of it",
  examples: ["history web in production"],
  args: { service: Service, environment: Environment },
  words: { in: "environment" },
  async run({ args: at, look }) {
    const { service, environment } = at;
    const [releases, now, people] = await Promise.all([
      look(clusters.history(at)),
      look(clusters.running(at)),
      look(directory.people({})),
    ]);
    const good = releases.flatMap(({ good, version }) => (good ? [version] : []));
    const earlier = [...new Set(good)].filter((version) => version !== now.version);
    return {
      title: `Releases of ${service} in ${environment}`,
      says:
        now.version === null
          ? `Nothing runs there now. ${releases.length === 0 ? "Nothing was released yet." : ""}`.trim()
          : `${now.version} runs.`,
      ...releaseRows(releases.slice(0, most), people),
      facts: releases.length > most ? [`${releases.length - most} earlier ones left out`] : [],
      buttons: earlier
        .slice(0, 3)
        .map((version) =>
          rollback.button(
            `Roll back to ${version}`,
            { ...at, to: version },
            { confirm: `Roll back ${service} in ${environment} to ${version}?` },
          ),
        ),
    };
  },
});
