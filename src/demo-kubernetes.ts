/**
 * `npm run demo -- --kubernetes [kubeconfig]`: the main job on a real cluster, with a short manifest: from nothing to
 * running, changed, stuck, taken back, rolled back and removed, in sentences and buttons alone.
 *
 * Without a path it takes the kubeconfig that KUBECONFIG names. `--context` chooses a context of the kubeconfig. It works in the namespaces shipmate-demo-staging and
 * shipmate-demo-production, makes them where they are not there, and leaves them and the database's data behind.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Shipmate, startShipmate } from "./app.ts";
import { readConfig } from "./config.ts";
import { type Message, Unanswered } from "./surfaces/cli/chat.ts";
import { person } from "./surfaces/cli/person.ts";
import { screen } from "./surfaces/cli/screen.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kubernetes: { type: "boolean" },
    context: { type: "string" },
    /** The images' name without a tag, and the versions: one that runs, a newer one, one that fails. */
    image: { type: "string", default: "user-api" },
    versions: { type: "string", default: "1.4.1,1.4.2,1.5.0-crash" },
  },
});
const [good = "", better = "", failing = ""] = values.versions.split(",");
const show = screen(process.stdout);
const at = "user-api in production";

const folder = await mkdtemp(join(tmpdir(), "shipmate-demo-"));
let shipmate: Shipmate | undefined;
let stopping: Promise<void> | undefined;
process.once("SIGINT", () => void stop().then(() => process.exit(130)));
process.once("SIGTERM", () => void stop().then(() => process.exit(143)));
try {
  await writeManifests();
  const settings = {
    SHIPMATE_HOME: join(folder, "home"),
    SHIPMATE_MANIFESTS: join(folder, "manifests"),
  };
  shipmate = await startShipmate(readConfig({ ...settings, PORT: "0", LOG_LEVEL: "silent" }));
  await mainJob(shipmate.url);
  show.say("\nThat was the main job on a cluster.");
} catch (error) {
  if (!(error instanceof Unanswered)) throw error;
  process.stderr.write(`\nThe demo stopped: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  await stop();
}

async function mainJob(url: string): Promise<void> {
  const settings = { url, channel: "general", patience: 90_000 };
  const [ada, grace] = [person("ada", settings, show), person("grace", settings, show)];
  const deploy = async (version: string): Promise<string> => {
    const id = await ada.asks(
      `deploy user-api ${version} to production`,
      `Deploy user-api ${version} to production`,
    );
    await grace.presses(await grace.sees(id, "Waiting"), "Approve");
    return id;
  };

  show.say("A whole Shipmate, and a cluster on which nothing of ours runs yet.");
  await ada.sees(await deploy(good), "Succeeded");
  const changed = await ada.sees(await deploy(better), "Succeeded");

  const stuck = await deploy(failing);
  await ada.sees(stuck, "Stuck");
  const back = await ada.sees(stuck, "Taken back");
  expect(back.text.includes(better), `the card has to say that ${better} runs again`);
  await ada.reads("events user-api in production", /user-api/);

  const scaled = await ada.asks(
    "scale user-api 4 in production",
    "Scale user-api in production to 4",
  );
  await grace.presses(await grace.sees(scaled, "Waiting"), "Approve");
  await ada.sees(scaled, "Succeeded");
  await ada.reads("status user-api in production", /^user-api in production/);

  await ada.presses(changed, "Roll back");
  await ada.sees(await ada.findsRun(/^Roll back user-api/), "Succeeded");
  await ada.reads("history user-api in production", /user-api/);

  const removed = await ada.asks(
    "remove user-api from production confirm=user-api",
    "Remove user-api from production",
  );
  await grace.presses(await grace.sees(removed, "Waiting"), "Approve");
  await ada.sees(removed, "Succeeded");
  const left: Message = await ada.reads("status user-api in production", /^user-api in production/);
  expect(left.card?.state?.word === "not running", `${at} has to be gone`);
}

/** The seed's short manifest, and a platform.yaml that names the cluster and nothing else. */
async function writeManifests(): Promise<void> {
  const { context } = values;
  const kubeconfig = positionals[0] ?? readConfig().kubeconfig;
  if (!kubeconfig) throw new Unanswered("Name a kubeconfig: npm run demo -- --kubernetes <path>.");
  const cluster = {
    provider: "kubernetes",
    kubeconfig: resolve(kubeconfig),
    ...(context !== undefined && { context }),
  };
  const namespace = (name: string) => `namespace: shipmate-demo-${name}`;
  await mkdir(join(folder, "manifests"), { recursive: true });
  await writeFile(
    join(folder, "manifests/platform.yaml"),
    `people:
  ada: { name: Ada }
  grace: { name: Grace }
teams:
  payments: { members: [ada, grace] }
services:
  user-api: { owner: payments, manifests: manifests/user-api.yaml, says: Who our users are }
environments:
  staging: { cluster: demo, ${namespace("staging")}, change: everyone, rollback: pre-approved }
  production:
    cluster: demo
    ${namespace("production")}
    patience: 8s
    approval: { from: owners }
    rollback: pre-approved
clusters:
  demo: ${JSON.stringify(cluster)}
`,
  );
  await writeFile(
    join(folder, "manifests/user-api.yaml"),
    `apiVersion: platform.company.io/v1
kind: WebService
metadata:
  name: user-api
spec:
  image: ${values.image}:latest
  replicas: 3
  database:
    type: postgresql
    size: small
  ingress:
    host: api.example.com
`,
  );
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Unanswered(`${what}.`);
}

/** Stops Shipmate and forgets the folder; what is on the cluster was removed by the story itself. */
function stop(): Promise<void> {
  stopping ??= (async () => {
    await shipmate?.close();
    await rm(folder, { recursive: true, force: true });
  })();
  return stopping;
}
