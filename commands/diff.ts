/** `diff staging production`, `diff web staging production` */
import {
  type Ctx,
  clusters,
  defineCommand,
  directory,
  Environment,
  Refusal,
  Service,
} from "shipmate";

export default defineCommand({
  name: "diff",
  summary: "What differs between two environments",
  examples: ["diff staging production", "diff web staging production"],
  args: {
    service: Service.optional().describe("only this service, and all that is set for it"),
    from: Environment,
    to: Environment,
  },
  words: { between: "from", and: "to" },
  run: ({ args: { service, from, to }, look }) =>
    service === undefined ? versions(from, to, look) : content(service, from, to, look),
});

type Look = Ctx<never>["look"];

async function versions(from: string, to: string, look: Look) {
  const services = await look(directory.services({}));
  const version = async (service: string, environment: string): Promise<string> => {
    try {
      return (await look(clusters.running({ service, environment }))).version ?? "nothing";
    } catch (error) {
      if (error instanceof Refusal) return "not known";
      throw error;
    }
  };
  const all = await Promise.all(
    services.map(async ({ value }) => [
      value,
      ...(await Promise.all([version(value, from), version(value, to)])),
    ]),
  );
  const rows = all.filter(([, a, b]) => a !== b || a === "not known");
  return {
    title: `${from} and ${to}`,
    ...(rows.length === 0
      ? { says: `Every service runs in the same version in ${from} and ${to}.` }
      : { columns: ["Service", from, to], rows, facts: same(all.length - rows.length) }),
  };
}

async function content(service: string, from: string, to: string, look: Look) {
  const [a, b] = await Promise.all(
    [from, to].map(async (environment) => {
      const lines = await look(clusters.content({ service, environment }));
      return new Map(
        lines.map(({ of, field, value }) => [of === service ? field : `${of} ${field}`, value]),
      );
    }),
  );
  const names = [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])];
  const rows = names
    .filter((name) => a?.get(name) !== b?.get(name))
    .map((name) => [name, a?.get(name) ?? "not set", b?.get(name) ?? "not set"]);
  const nothing = [...(a?.size === 0 ? [from] : []), ...(b?.size === 0 ? [to] : [])];
  return {
    title: `${service} in ${from} and ${to}`,
    ...(nothing.length > 0
      ? { says: `Nothing of ${service} runs in ${nothing.join(" or ")}.` }
      : rows.length === 0
        ? { says: `${service} is the same in ${from} and ${to}.` }
        : {}),
    ...(rows.length > 0
      ? { columns: ["What", from, to], rows, facts: same(names.length - rows.length) }
      : {}),
  };
}

const same = (count: number): readonly string[] => (count > 0 ? [`${count} the same`] : []);
