/** `runs`, `runs web` */
import { defineCommand, directory, Environment, type RunView, Service } from "shipmate";
import why from "./why.ts";

const most = 15;

export default defineCommand({
  name: "runs",
  summary: "What is under way and what was done lately",
  examples: ["runs", "runs web", "runs web in production"],
  args: { service: Service.optional(), environment: Environment.optional() },
  words: { in: "environment" },
  async run({ args: { service, environment }, look, runs }) {
    const [services, environments] = await Promise.all([
      service ? [service] : look(directory.services({})).then((all) => all.map((one) => one.value)),
      environment
        ? [environment]
        : look(directory.environments({})).then((all) => all.map((one) => one.value)),
    ]);
    const whole = service === undefined && environment === undefined;
    const lists = whole
      ? [await runs.list({ limit: most })]
      : await Promise.all(
          environments.flatMap((at) =>
            services.map((name) => runs.list({ of: `${at}/${name}`, limit: most })),
          ),
        );
    const shown = newest(lists.flat());
    const about = [service && `of ${service}`, environment && `in ${environment}`];
    return {
      title: ["Runs", ...about.filter(Boolean)].join(" "),
      ...(shown.length === 0 ? { says: "Nothing was done yet. Say deploy to begin." } : {}),
      columns: ["Run", "What", "State", "By"],
      rows: shown.map((run) => [String(run.number), run.title, run.state, run.by.name]),
      buttons: shown
        .filter(({ state }) => state === "waiting")
        .slice(0, 3)
        .map(({ number }) => why.button(`Why does ${number} wait`, { run: String(number) })),
    };
  },
});

/** A run may touch several targets: it stands in the list once. */
function newest(all: readonly RunView[]): readonly RunView[] {
  const once = new Map(all.map((run) => [run.id, run]));
  return [...once.values()].sort((a, b) => b.number - a.number).slice(0, most);
}
