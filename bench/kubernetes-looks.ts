/**
 * What a rollout's looks ask of the API server, by its own count: a rollout of 5 s against one of 25 s (pods are ready
 * at once, and have to stay so for that long). A FlowSchema for each verb tells the user `shipmate` apart in
 * apiserver_flowcontrol_dispatched_requests_total.
 */
import { type Figure, type Ours, succeeded, type World } from "./kubernetes-world.ts";

const verbs = ["get", "list", "watch"] as const;

export async function looks({ kube, shipmate }: World): Promise<readonly Figure[]> {
  for (const verb of verbs) await kube.apply(flowSchema(verb));
  const ours = await shipmate({ brief: lasting("brief", 4), long: lasting("long", 24) });
  // The first release of a process opens the watches.
  await Promise.all([
    released(ours, "deploy brief 1.0.0 to staging"),
    released(ours, "deploy long 1.0.0 to staging"),
  ]);
  const counted = async (text: string) => {
    const before = await counts(kube);
    const run = await released(ours, text);
    const after = await counts(kube);
    const seconds = ((run.ended ?? 0) - run.at) / 1_000;
    const [get = 0, list = 0, watch = 0] = after.map((count, i) => count - (before[i] ?? 0));
    console.log(`${seconds.toFixed(1)} s of rollout: GET ${get}, LIST ${list}, watches ${watch}`);
    return { seconds, get, list };
  };
  const brief = await counted("deploy brief 1.1.0 to staging");
  const long = await counted("deploy long 1.1.0 to staging");
  await ours.close();
  return [
    {
      what: "GET and LIST of a rollout of 25 s",
      wanted: "as of one of 5 s",
      measured: `${long.get} and ${long.list} in ${long.seconds.toFixed(0)} s; ${brief.get} and ${brief.list} in ${brief.seconds.toFixed(0)} s`,
      reached: long.get <= brief.get && long.list <= brief.list && long.get > 0,
    },
  ];
}

async function released(ours: Ours, text: string) {
  await ours.say(text);
  return succeeded(ours, `D${text.slice(1)}`);
}

/** Requests of the user `shipmate` so far, by verb. */
async function counts(kube: World["kube"]): Promise<readonly number[]> {
  const metrics = await kube.metrics();
  return verbs.map((verb) => {
    const name = "apiserver_flowcontrol_dispatched_requests_total";
    const line = new RegExp(`^${name}\\{[^}]*"shipmate-${verb}"[^}]*\\} (\\S+)`, "m");
    return Number(line.exec(metrics)?.[1] ?? 0);
  });
}

function flowSchema(verb: string): string {
  const resourceRules = [
    {
      ...{ verbs: [verb], apiGroups: ["*"], resources: ["*"] },
      ...{ namespaces: ["*"], clusterScope: true },
    },
  ];
  const subjects = [{ kind: "User", user: { name: "shipmate" } }];
  return JSON.stringify({
    apiVersion: "flowcontrol.apiserver.k8s.io/v1",
    kind: "FlowSchema",
    metadata: { name: `shipmate-${verb}` },
    spec: {
      priorityLevelConfiguration: { name: "global-default" },
      ...{ matchingPrecedence: 9_000, distinguisherMethod: { type: "ByUser" } },
      rules: [{ subjects, resourceRules }],
    },
  });
}

function lasting(name: string, seconds: number): string {
  const pod = { containers: [{ name: "main", image: `${name}:latest` }] };
  return JSON.stringify({
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name } },
    spec: {
      ...{ replicas: 1, minReadySeconds: seconds, selector: { matchLabels: { app: name } } },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: { labels: { app: name } }, spec: pod },
    },
  });
}
