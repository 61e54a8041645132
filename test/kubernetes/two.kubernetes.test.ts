/** Two Shipmates, each with a database of its own, look after the same service on one cluster. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { marks } from "../../src/expand/object.ts";
import { cluster } from "../kube.ts";
import { start } from "../shipmate.ts";
import { deploymentWrites, ground, talk } from "./house.ts";

test("of two that deploy at once one goes first, the other is told that it moved and asks again; never a mix", async (context) => {
  const kube = await cluster(context);
  const { folder, settings, namespaces } = await ground(context, kube, {});
  const { production } = namespaces;
  const talks = await Promise.all(
    ["one", "two"].map(async (name) => {
      const shipmate = await start({ ...settings, SHIPMATE_HOME: join(folder, name) });
      context.onTestFinished(async () => {
        shipmate.kill("SIGKILL");
        await shipmate.ended;
      });
      return talk(shipmate.url);
    }),
  );
  const [first] = talks;
  if (!first) throw new Error("there is none");
  /** What the objects of the service bear: the number of the release that was applied to each, and the image. */
  const bears = async () => {
    const kinds = "deployment,service,serviceaccount,networkpolicy,hpa,pdb";
    const all: { items: { metadata: { annotations: Record<string, string> } }[] } = JSON.parse(
      await kube.kubectl(
        "get",
        kinds,
        "-n",
        production,
        "-l",
        `${marks.service}=web`,
        "-o",
        "json",
      ),
    );
    const image = "jsonpath={.spec.template.spec.containers[0].image}";
    return {
      releases: new Set(all.items.map(({ metadata }) => metadata.annotations[marks.release])),
      image: await kube.kubectl("get", "deployment/web", "-n", production, "-o", image),
    };
  };
  expect((await first.ends(await first.deploys("1.4.0"))).card?.state?.word).toBe("Succeeded");

  for (const round of [1, 2, 3]) {
    const asked = await Promise.all(
      talks.map(async (each, i) => {
        const version = `1.4.${2 * round + i}`;
        const what = `${version} to production`;
        const id = await each.ada.asks(`deploy web ${what}`, `Deploy web ${what}`);
        const card = await each.grace.sees(id, "Waiting for approval");
        return { ...each, version, id, card };
      }),
    );
    await Promise.all(asked.map(({ grace, card }) => grace.presses(card, "Approve")));
    const came = await Promise.all(
      asked.map(async (each) => {
        const at = await each.shows(each.id, /^(Succeeded|Waiting again)/);
        return { ...each, word: at.card?.state?.word, at };
      }),
    );
    expect(came.map(({ word }) => word).sort(), "one of them goes first").toEqual([
      "Succeeded",
      "Waiting again",
    ]);
    const winner = came.find(({ word }) => word === "Succeeded");
    const loser = came.find(({ word }) => word === "Waiting again");
    if (!winner || !loser) throw new Error("there is none");
    expect(loser.at.card?.says).toMatch(/It changed since Grace approved: .*version 1\.4\.\d/);
    const number = String(2 * round);
    expect(await bears()).toEqual({
      releases: new Set([number]),
      image: `web:${winner.version}`,
    });
    // What it was asked about may have been the other's release on its way: the last word counts.
    let end = loser.at;
    while (end.card?.state?.word === "Waiting again") {
      await loser.grace.presses(end, "Approve");
      end = await loser.shows(loser.id, /^(Approved|Running|Succeeded)/);
      end = await loser.shows(loser.id, /^(Succeeded|Waiting again)/);
    }
    expect(await bears()).toEqual({
      releases: new Set([String(2 * round + 1)]),
      image: `web:${loser.version}`,
    });
  }
  expect(await deploymentWrites(kube, production), "one for each release").toEqual(
    Array.from({ length: 7 }, () => "patch"),
  );
});
