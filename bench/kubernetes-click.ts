/**
 * From the approving click to the first object that the API server is asked to change: the click's request is sent,
 * stored and understood, the vote and the lock are committed, everything is previewed again, the intent is committed,
 * the preconditions are read and the record is made. The short manifest of the demo goes back and forth between two
 * versions; the API server's audit log says when the first PATCH came.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Chat, chat } from "../src/surfaces/cli/chat.ts";
import { installCrds } from "../test/kube-crds.ts";
import { percentile, spread } from "./figures.ts";
import { type Figure, type Ours, succeeded, type World } from "./kubernetes-world.ts";

const rounds = Number(process.env["SHIPMATE_BENCH_CLICKS"] ?? "24");
/** Not counted: the first ones find nothing compiled, and the namespace is new. */
const warm = 3;
/** Before a click, so that nothing of the preview is under way. Milliseconds. */
const idle = 200;

export async function click({ kube, shipmate }: World): Promise<readonly Figure[]> {
  await installCrds(kube, "cloudnative-pg");
  const ours = await shipmate({ "user-api": manifest });
  const grace = chat("grace", { url: ours.url, channel: "general" });
  const clicks: number[] = [];
  for (let round = 0; round < rounds + warm; round++)
    clicks.push(await approved(ours, grace, round % 2 === 0 ? "1.4.1" : "1.4.2"));
  await ours.close();
  const patches = (await kube.effects({ user: "shipmate", verb: "patch", namespace: "production" }))
    // The record of a release is marked by a patch, too.
    .filter(({ resource }) => resource !== "secrets")
    .map(({ at }) => Date.parse(at));
  const took = clicks.slice(warm).map((at, i) => {
    const first = patches.find((patch) => patch >= at);
    if (first === undefined) throw new Error(`finding the first apply after click ${i}`);
    return first - at;
  });
  console.log(`click to first apply ${spread(took)}`);
  const [p50, p95] = [percentile(took, 0.5), percentile(took, 0.95)];
  return [
    {
      what: "Last approval to the first apply, p95",
      wanted: "100 ms",
      measured: `${p95.toFixed(0)} ms (p50 ${p50.toFixed(0)} ms, n ${took.length})`,
      reached: p95 < 100,
    },
  ];
}

/** When the click was sent; comes back when the rollout is over. Milliseconds since 1970. */
async function approved(ours: Ours, grace: Chat, version: string): Promise<number> {
  const title = `Deploy user-api ${version} to production`;
  const before = (await ours.runs(1))[0]?.id;
  await ours.say(`deploy user-api ${version} to production`);
  const card = await grace.until(
    title,
    ({ run, card, buttons }) =>
      run !== null &&
      run !== before &&
      card?.title === title &&
      card.state?.word.startsWith("Waiting") === true &&
      buttons.some(({ label }) => label === "Approve"),
  );
  await sleep(idle);
  const at = Date.now();
  await grace.press(card, "Approve");
  await succeeded(ours, title);
  return at;
}

const manifest = `apiVersion: platform.company.io/v1
kind: WebService
metadata:
  name: user-api
spec:
  image: user-api:latest
  replicas: 3
  database:
    type: postgresql
    size: small
  ingress:
    host: api.example.com
`;
