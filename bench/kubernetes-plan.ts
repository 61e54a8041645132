/**
 * The plan of a folder of 50 objects, ten of which change, beside 50 bare dry runs of the same objects, ten at once,
 * in turns; and beside kubectl's own diff of them.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { KubeObject } from "../src/expand/object.ts";
import { Platform } from "../src/platform/schema.ts";
import { connect } from "../src/providers/kubernetes/api/connection.ts";
import { kubernetes } from "../src/providers/kubernetes/kubernetes.ts";
import { sources } from "../src/providers/kubernetes/sources/source.ts";
import { inTens } from "../src/providers/kubernetes/tens.ts";
import { clusters } from "../src/roles/clusters.ts";
import { percentile, spread } from "./figures.ts";
import { type Figure, platformOf, type World } from "./kubernetes-world.ts";

const rounds = 15;
const service = "shop";

export async function plan({ kube, folder: temporary }: World): Promise<readonly Figure[]> {
  const folder = await temporary();
  const { kubeconfig, context = "shipmate" } = kube.as("shipmate");
  const platform = {
    ...Platform.parse(platformOf(kubeconfig, context, [service])),
    version: "bench",
  };
  await mkdir(join(folder, "manifests", service), { recursive: true });
  for (const [i, object] of fifty().entries())
    await writeFile(join(folder, "manifests", service, `${i}.yaml`), JSON.stringify(object));
  const { clusters: provider, close } = kubernetes({ platform: () => platform, folder });
  const bare = connect({ name: "bench", kubeconfig, context });
  const signal = new AbortController().signal;
  const at = { service, environment: "staging" };
  const see = (version: string) => ({
    ...{ self: clusters.release({ ...at, version }), before: undefined },
    ...{ planned: () => undefined, by: "ada", signal },
  });
  try {
    const first = await provider.release.preview({ ...at, version: "1.0.0" }, see("1.0.0"));
    if (!("seen" in first)) throw new Error("planning the first release of 50 objects");
    const bound = { key: "first", seen: first.seen, plan: first, by: "ada", signal };
    await provider.release.run({ ...at, version: "1.0.0" }, bound);
    const here = { ...at, namespace: "staging", version: "1.1.0" };
    const rendered = await sources({ platform: () => platform, folder }).render(here, {}, signal);
    const took = { plan: [] as number[], bare: [] as number[] };
    for (let round = 0; round < rounds + 2; round++) {
      const planned = await timed(() =>
        provider.release.preview({ ...at, version: "1.1.0" }, see("1.1.0")),
      );
      const tried = await timed(() =>
        inTens(rendered.objects, (object) => bare.apply(object, { dryRun: true }, signal)),
      );
      if (round < 2) continue; // nothing is compiled or connected yet
      took.plan.push(planned);
      took.bare.push(tried);
    }
    const all = join(folder, "all.json");
    const list = { apiVersion: "v1", kind: "List", items: rendered.objects };
    await writeFile(all, JSON.stringify(list));
    // It exits with 1 where something differs.
    const diff = await timed(() =>
      kube.kubectl("diff", "--server-side", "--field-manager=shipmate", "-f", all).catch(() => ""),
    );
    console.log(`plan of ${rendered.objects.length} objects   ${spread(took.plan)}`);
    console.log(`50 bare dry runs     ${spread(took.bare)}`);
    console.log(`kubectl diff, once   ${diff.toFixed(0)} ms`);
    const [p50, p95] = [percentile(took.plan, 0.5), percentile(took.plan, 0.95)];
    const ratio = p50 / percentile(took.bare, 0.5);
    return [
      {
        what: "Plan of 50 objects, p95",
        wanted: "1.5 s",
        measured: `${p95.toFixed(0)} ms (p50 ${p50.toFixed(0)} ms, ${ratio.toFixed(1)} times 50 bare dry runs; \`kubectl diff\` ${diff.toFixed(0)} ms)`,
        reached: p95 < 1_500,
      },
    ];
  } finally {
    bare.close();
    await close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Ten parts with a Deployment, Service and ConfigMap each; five of them are reached from outside and scale. */
function fifty(): readonly KubeObject[] {
  return Array.from({ length: 10 }, (_, i) => {
    const name = i === 0 ? service : `${service}-${i}`;
    const made = (apiVersion: string, kind: string, more: object): KubeObject => ({
      ...{ apiVersion, kind, metadata: { name, labels: { app: name } } },
      ...more,
    });
    const own = [
      made("apps/v1", "Deployment", { spec: deployment(name, i < 5) }),
      made("v1", "Service", {
        spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
      }),
      made("v1", "ConfigMap", {
        data: { "app.yaml": `name: ${name}\nworkers: 4\n`, LEVEL: "info" },
      }),
    ];
    const more = [
      made("v1", "Secret", { stringData: { token: `not a secret ${i}` } }),
      made("networking.k8s.io/v1", "Ingress", { spec: ingress(name) }),
      made("autoscaling/v2", "HorizontalPodAutoscaler", { spec: autoscaler(name) }),
      made("policy/v1", "PodDisruptionBudget", {
        spec: { maxUnavailable: 1, selector: { matchLabels: { app: name } } },
      }),
    ];
    return i < 5 ? [...own, ...more] : own;
  }).flat();
}

function deployment(name: string, scales: boolean) {
  const resources = { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } };
  const probe = { httpGet: { path: "/healthz", port: 8080 } };
  const container = {
    ...{ name: "main", image: `${service}:latest`, ports: [{ containerPort: 8080 }], resources },
    ...{ readinessProbe: probe, livenessProbe: probe },
    env: [
      { name: "LOG_LEVEL", valueFrom: { configMapKeyRef: { name, key: "LEVEL" } } },
      { name: "REGION", value: "eu-1" },
    ],
  };
  return {
    ...(!scales && { replicas: 1 }),
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
  };
}

function ingress(name: string) {
  const backend = { service: { name, port: { number: 80 } } };
  const paths = [{ path: "/", pathType: "Prefix", backend }];
  return { rules: [{ host: `${name}.example.com`, http: { paths } }] };
}

function autoscaler(name: string) {
  const target = { type: "Utilization", averageUtilization: 80 };
  return {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
    ...{ minReplicas: 1, maxReplicas: 3 },
    metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
  };
}
