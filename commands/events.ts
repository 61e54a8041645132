/** `events web in production since 1h` */
import { clusters, defineCommand, Environment, Service, Time } from "shipmate";
import logs from "./logs.ts";
import { when } from "./parts/when.ts";

const most = 30;

export default defineCommand({
  name: "events",
  summary: "What happened around a service lately",
  examples: ["events web in production since 1h", "events web in production"],
  args: {
    service: Service,
    environment: Environment,
    since: Time.default("1h").describe("how far back: 90s, 10m, 4h or 7d"),
  },
  words: { in: "environment" },
  async run({ args: { service, environment, since }, look }) {
    const at = { service, environment };
    const all = await look(clusters.events({ ...at, since }));
    const shown = all.slice(-most);
    const bad = all.filter((event) => event.bad).length;
    return {
      title: `Events around ${service} in ${environment}`,
      says:
        all.length === 0
          ? `Nothing happened in the last ${since}. To look further back: events ${service} in ${environment} since 7d.`
          : `${all.length} in the last ${since}, ${bad === 0 ? "none" : bad} of them trouble.`,
      columns: ["When", "About", "What happened", ""],
      rows: shown.map((event) => [
        when(event.at),
        event.of,
        event.count > 1 ? `${event.says} (${event.count} times)` : event.says,
        event.bad ? "trouble" : "",
      ]),
      facts: all.length > most ? [`${all.length - most} earlier ones left out`] : [],
      buttons: [logs.button("Logs", at)],
    };
  },
});
