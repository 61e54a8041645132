/**
 * Takes the pictures of docs/kubernetes.md anew: `npm run pictures [life|others]`, all of them where neither is named. The
 * control plane that SHIPMATE_TEST_KUBE names, a whole Shipmate on it, people who talk with it, and Chromium that looks.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { startShipmate } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { chat, type Message } from "../src/surfaces/cli/chat.ts";
import { person } from "../src/surfaces/cli/person.ts";
import { screen } from "../src/surfaces/cli/screen.ts";
import { guarded, kubeTool, started } from "../test/kube-home.ts";
import { chromium } from "../test/servers.ts";
import { launch, open } from "../test/web/browser.ts";

/** GitHub shows a picture of this width without scaling it down. */
const look = { viewport: { width: 960, height: 1600 }, deviceScaleFactor: 2 };
const mostBytes = 120_000;
const folder = join(import.meta.dirname, "pictures");
const [only] = process.argv.slice(2);

const missing = (what: string): never => {
  throw new Error(`left out: ${what}`);
};
const tool = kubeTool() ?? missing("Kubernetes (set SHIPMATE_TEST_KUBE)");
const { home, end } = await guarded(tool);
const ends: (() => Promise<unknown>)[] = [end];
const show = screen(process.stdout);
try {
  await story();
} finally {
  for (const over of ends.toReversed()) await over();
}

async function story(): Promise<void> {
  const kubeconfig = await started(tool, home);
  const kubectl = async (...args: string[]) =>
    (await promisify(execFile)(tool, ["kubectl", "--kubeconfig", kubeconfig, ...args])).stdout;
  const crds = join(tool, "../../samples/crds/cloudnative-pg");
  await kubectl("apply", "--server-side", "-f", crds);
  await kubectl("wait", "--for=condition=Established", "--timeout=20s", "-f", crds);
  for (const name of ["staging", "production"]) await kubectl("create", "namespace", name);
  const awake = setInterval(() => void keepNodes(kubectl), 10_000);
  ends.push(async () => clearInterval(awake));

  const own = await mkdtemp(join(tmpdir(), "shipmate-pictures-"));
  ends.push(() => rm(own, { recursive: true, force: true, maxRetries: 5 }));
  await writeManifests(join(own, "manifests"), kubeconfig);
  const shipmate = await startShipmate(
    readConfig({
      SHIPMATE_HOME: join(own, "home"),
      SHIPMATE_MANIFESTS: join(own, "manifests"),
      PORT: "0",
      LOG_LEVEL: "warn",
    }),
  );
  ends.push(() => shipmate.close());
  const browser = await launch(chromium({ skip: missing, onTestFinished() {} }));
  ends.push(() => browser.close());
  const [light, dark] = await Promise.all([
    looks(browser, shipmate.url, "light"),
    looks(browser, shipmate.url, "dark"),
  ]);

  const settings = { url: shipmate.url, channel: "general", patience: 90_000 };
  const [ada, grace] = [person("ada", settings, show), person("grace", settings, show)];
  const channel = chat("ada", settings);
  const until = (id: string, words: RegExp): Promise<Message> =>
    channel.until(`${words}`, (one) => one.id === id && words.test(JSON.stringify(one.card)));
  const asks = (what: string, says: string): Promise<string> => ada.asks(says, what);
  const approves = async (id: string) => grace.presses(await grace.sees(id, "Waiting"), "Approve");
  const deploys = (what: string) => asks(`Deploy ${what}`, `deploy ${what}`);

  /** A service from nothing to gone. */
  const life = async () => {
    const first = await deploys("user-api 1.4.1 to production");
    await ada.sees(first, "Waiting");
    await light.takes("plan", first);
    await dark.takes("plan-dark", first, { unfold: true });
    await approves(first);
    await ada.sees(first, "Succeeded");

    const changed = await deploys("user-api 1.4.2 to production");
    await approves(changed);
    await Promise.all([
      light.takes("rollout", changed, { when: "2 of 3" }),
      dark.takes("rollout-dark", changed, { when: "2 of 3" }),
    ]);
    await ada.sees(changed, "Succeeded");
    await light.takes("running", changed);

    const stuck = await deploys("user-api 1.5.0-crash to production");
    await approves(stuck);
    await ada.sees(stuck, "Stuck");
    await until(stuck, /"code"/);
    await sleep(1_000);
    await light.takes("stuck", stuck);
    await ada.sees(stuck, "Taken back");
    await light.takes("taken-back", stuck);

    await sleep(3_000);
    const events = await ada.reads("events user-api in production since 30s", /user-api/);
    await light.takes("events", events.id);
    const status = await ada.reads("status user-api in production", /^user-api in production/);
    await light.takes("status", status.id);
    const logs = await ada.reads("logs user-api in production", /user-api/);
    await sleep(1_500);
    await light.takes("logs", logs.id);

    const scaled = await asks(
      "Scale user-api in production to 4",
      "scale user-api 4 in production",
    );
    await ada.sees(scaled, "Waiting");
    await light.takes("scale", scaled);
    await approves(scaled);
    await ada.sees(scaled, "Succeeded");

    await ada.presses(await ada.sees(changed, "Succeeded"), "Roll back");
    const back = await ada.findsRun(/^Roll back user-api/);
    await ada.sees(back, "Succeeded");
    await light.takes("rolled-back", back);
    const history = await ada.reads("history user-api in production", /user-api/);
    await light.takes("history", history.id);

    await light.fills("remove-form", "remove user-api from production", "user-api");
    const removed = await ada.findsRun(/^Remove user-api/);
    await ada.sees(removed, "Waiting");
    await light.takes("remove", removed);
    await approves(removed);
    await ada.sees(removed, "Succeeded");
    await light.takes("removed", removed);
  };
  /** What others do to a service, before and after Shipmate looks after it. */
  const others = async () => {
    const shop = await deploys("shop 2.0.0 to production");
    await approves(shop);
    await ada.sees(shop, "Succeeded");
    const again = await deploys("shop 2.1.0 to production");
    const asked = await grace.sees(again, "Waiting");
    await kubectl("scale", "deployment/shop", "--replicas=5", "-n", "production");
    await grace.presses(asked, "Approve");
    await until(again, /Waiting again/);
    await light.takes("again", again);
    await dark.takes("again-dark", again);
    await grace.presses(await until(again, /Waiting again/), "Approve");
    await ada.sees(again, "Succeeded");

    await writeFile(join(own, "blog.yaml"), blog(2));
    await kubectl("apply", "-n", "staging", "-f", join(own, "blog.yaml"));
    await kubectl("rollout", "status", "deployment/blog", "-n", "staging");
    const adopt = await asks("Adopt blog in staging", "adopt blog in staging");
    await ada.sees(adopt, "Succeeded");
    await light.takes("adopt", adopt);
    const newer = await deploys("blog 1.1.0 to staging");
    await ada.sees(newer, "Succeeded");
    await light.takes("takeover", newer);
  };
  if (only !== "others") await life();
  if (only !== "life") await others();
}

/** The pretend nodes tell of themselves so rarely that the cluster would take them for lost once a minute. */
async function keepNodes(kubectl: (...args: string[]) => Promise<string>): Promise<void> {
  const renewTime = new Date().toISOString().replace("Z", "000Z");
  for (const node of ["node-1", "node-2"]) {
    const patch = ["patch", "lease", node, "-n", "kube-node-lease", "--type", "merge", "-p"];
    await kubectl(...patch, JSON.stringify({ spec: { renewTime } })).catch(() => undefined);
  }
}

interface Looks {
  /** The card of this message as a person sees it now, or as soon as it says `when`. */
  takes(name: string, message: string, how?: { unfold?: boolean; when?: string }): Promise<void>;
  /** What opens when one says this; then it is filled in and sent. */
  fills(name: string, says: string, value: string): Promise<void>;
}

async function looks(browser: Browser, url: string, colorScheme: "light" | "dark"): Promise<Looks> {
  const { page } = await open(browser, url, { ...look, colorScheme });
  return {
    async takes(name, message, how = {}) {
      const card = page.locator(`article[data-message="${message}"] .card`);
      const wanted = card.filter({ hasText: how.when ?? "" });
      // On a slow machine the moment may never have been on the card.
      await wanted.waitFor({ timeout: 20_000 }).catch(() => undefined);
      if (how.unfold) await card.getByRole("button", { name: /^All / }).click();
      await page.mouse.move(0, 0);
      const png = await card.screenshot({ animations: "disabled" });
      if ((await wanted.count()) > 0) await keep(page, name, png);
      else show.say(`         [picture ${name} stays as it was: this one came too late]`);
    },
    async fills(name, says, value) {
      await page.keyboard.press("/");
      await page.keyboard.type(says);
      await page.keyboard.press("Enter");
      const form = page.getByRole("dialog");
      await form.getByRole("textbox").last().fill(value);
      await keep(page, name, await form.screenshot({ animations: "disabled" }));
      await form.getByRole("button", { name: "Remove" }).click();
    },
  };
}

/** WebP made by the browser itself, without loss where that is small enough. */
async function keep(page: Page, name: string, png: Buffer): Promise<void> {
  const webp = await page.evaluate(`(async () => {
    const most = ${mostBytes};
    const image = new Image();
    image.src = "data:image/png;base64,${png.toString("base64")}";
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    canvas.getContext("2d").drawImage(image, 0, 0);
    for (const quality of [1, 0.95, 0.9, 0.8]) {
      const blob = await canvas.convertToBlob({ type: "image/webp", quality });
      if (quality === 0.8 || blob.size <= most) return new Uint8Array(await blob.arrayBuffer()).toBase64();
    }
  })()`);
  const bytes = Buffer.from(String(webp), "base64");
  if (bytes.length > mostBytes) show.say(`         [picture ${name} is too large]`);
  await writeFile(join(folder, `${name}.webp`), bytes);
  show.say(`         [picture ${name}, ${Math.round(bytes.length / 1000)} kB]`);
}

/** What stands in a manifest, or was applied by hand. JSON is YAML too. */
function blog(replicas: number): string {
  const labels = { app: "blog" };
  const container = { name: "blog", image: "blog:1.0.0", ports: [{ containerPort: 8080 }] };
  const template = { metadata: { labels }, spec: { containers: [container] } };
  const deployment = {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "blog", labels } },
    spec: { replicas, selector: { matchLabels: labels }, template },
  };
  const service = {
    ...{ apiVersion: "v1", kind: "Service", metadata: { name: "blog" } },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  };
  return `${JSON.stringify(deployment)}\n---\n${JSON.stringify(service)}\n`;
}

async function writeManifests(to: string, kubeconfig: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await mkdir(folder, { recursive: true });
  const files = {
    "platform.yaml": `people:
  ada: { name: Ada }
  grace: { name: Grace }
teams:
  payments: { members: [ada, grace] }
services:
  user-api: { owner: payments, manifests: manifests/user-api.yaml, says: Who our users are }
  shop: { owner: payments, manifests: manifests/shop.yaml, says: The shop's pages }
  blog: { owner: payments, manifests: manifests/blog.yaml, says: What is new }
environments:
  staging: { cluster: main, change: everyone, rollback: pre-approved }
  production: { cluster: main, patience: 20s, approval: { from: owners }, rollback: pre-approved }
clusters:
  main: { provider: kubernetes, kubeconfig: ${JSON.stringify(kubeconfig)} }
`,
    "user-api.yaml": webService(
      "user-api",
      "  replicas: 3\n  database:\n    type: postgresql\n    size: small\n  ingress:\n    host: api.example.com\n",
    ),
    "shop.yaml": webService("shop", "  replicas: 3\n  autoscale: { enabled: false }\n"),
    "blog.yaml": blog(3),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(to, name), text);
}

function webService(name: string, rest: string): string {
  return `apiVersion: platform.company.io/v1
kind: WebService
metadata:
  name: ${name}
spec:
  image: ${name}:latest
${rest}`;
}
