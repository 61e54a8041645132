/** Kustomize and Helm by the real programs: what they make, and what they may not do. */
import { once } from "node:events";
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Refusal } from "../../../../src/core/refusal.ts";
import { tools as toolsIn } from "../../../../src/providers/kubernetes/sources/tool.ts";
import { open, project, sourceOf, staging, tools } from "./project.ts";

const text = (data: unknown) => `${JSON.stringify(data, null, 2)}\n`;
const overlays = { web: { manifests: "kustom/overlays/{environment}" } };
const chart = { web: { manifests: "chart", helm: { values: ["{environment}.yaml"] } } };

describe("a Kustomization becomes objects", () => {
  for (const program of ["kustomize", "kubectl"])
    test(`by ${program}, as its golden file says`, async (context) => {
      const source = sourceOf(await project(context), overlays, {
        tools: await tools(context, program),
      });
      const rendered = await source.render(staging("web"), {}, open);
      await expect(text(rendered)).toMatchFileSnapshot("golden/kustomize.json");
    });

  test("anew when a file of a base changed, and from memory when none did", async (context) => {
    const folder = await project(context);
    const bin = await tools(context, "kustomize");
    const source = sourceOf(folder, overlays, { tools: bin });
    await source.render(staging("web"), {}, open);
    const base = join(folder, "kustom/base/deployment.yaml");
    await writeFile(base, (await readFile(base, "utf8")).replace("app: web", "app: other"));
    const { objects } = await source.render(staging("web"), {}, open);
    expect(JSON.stringify(objects)).toContain('"app":"other"');
  });

  test("but not where it names what is elsewhere", async (context) => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    context.onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.yaml`;
    const bin = await tools(context, "kustomize");
    for (const kustomization of [
      `resources: ["${url}"]`,
      `resources: ["../../outside"]`,
      `resources: [absent.yaml]`,
      `patches: [{ path: "${url}" }]`,
      `configMapGenerator: [{ name: x, files: ["${url}"] }]`,
      `helmCharts: [{ name: x, repo: "${url}" }]`,
      "resources: 5",
    ]) {
      const folder = await project(context, { "k/kustomization.yaml": kustomization });
      const render = sourceOf(folder, { web: { manifests: "k" } }, { tools: bin }).render(
        staging("web"),
        {},
        open,
      );
      await expect(render).rejects.toThrow(Refusal);
    }
    expect(asked).toEqual([]);
  });
});

describe("a Helm chart becomes objects", () => {
  test("with a values file of the environment, as its golden file says", async (context) => {
    const bin = await tools(context, "helm");
    const source = sourceOf(await project(context), chart, { tools: bin });
    const rendered = await source.render(staging("web"), {}, open);
    await expect(text(rendered)).toMatchFileSnapshot("golden/helm.json");
  });

  test("unless the version is nowhere in it, or a hook would not run", async (context) => {
    const bin = await tools(context, "helm");
    const folder = await project(context);
    const other = { web: { manifests: "chart", helm: { version: "tag" } } };
    await writeFile(join(folder, "chart/values.yaml"), "image: { repository: a/b, tag: '1' }");
    const render = sourceOf(folder, other, { tools: bin }).render(staging("web"), {}, open);
    await expect(render).rejects.toThrow(
      "has no image with the tag 1.5.0 when its value tag is 1.5.0: set services.web.helm.version",
    );
    const hook = join(folder, "chart/templates/after.yaml");
    await writeFile(
      hook,
      "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, annotations: { helm.sh/hook: post-install } }\n",
    );
    const hooked = sourceOf(folder, chart, { tools: bin }).render(staging("web"), {}, open);
    await expect(hooked).rejects.toThrow("has hooks that would not run here: ConfigMap a");
  });

  test("and what it says when it breaks is one sentence without its passwords", async (context) => {
    const folder = await project(context, { "chart/staging.yaml": "breaks: true" });
    const bin = await tools(context, "helm");
    const render = sourceOf(folder, chart, { tools: bin }).render(staging("web"), {}, open);
    await expect(render).rejects.toThrow(
      /^Rendering the chart of web did not work: .*login \[secret\] is not good/,
    );
    await expect(render).rejects.not.toThrow("a-value-of-the-chart");
  });

  test("but no file outside of the project gets into it", async (context) => {
    const other = await project(context, { "secret.yaml": "password: x" });
    const folder = await project(context);
    await symlink(join(other, "secret.yaml"), join(folder, "chart/secret.yaml"));
    const bin = await tools(context, "helm");
    const render = sourceOf(folder, chart, { tools: bin }).render(staging("web"), {}, open);
    await expect(render).rejects.toThrow("is outside of the project");
  });
});

describe("a program", () => {
  /** A stand-in for a tool: any shell script. */
  const script = async (context: Parameters<typeof project>[0], lines: string) => {
    const bin = join(await project(context), "bin");
    await mkdir(bin);
    await writeFile(join(bin, "helm"), `#!/bin/sh\n${lines}\n`);
    await chmod(join(bin, "helm"), 0o755);
    return toolsIn({ path: bin, time: 1_000 });
  };
  const run = async (made: Awaited<ReturnType<typeof script>>, signal = open) =>
    made.run((await made.find("helm")) ?? "", ["--", "a b;c"], { what: "rendering it", signal });

  test("gets its arguments as they are, and nothing of our environment", async (context) => {
    process.env["SHIPMATE_TEST_OWN"] = "mine";
    context.onTestFinished(() => void delete process.env["SHIPMATE_TEST_OWN"]);
    const printed = await run(await script(context, 'echo "$2"; env'));
    expect(printed).toMatch(/^a b;c$/m);
    expect(printed).not.toContain("SHIPMATE_TEST");
    expect(printed).toMatch(/^HOME=.*shipmate-tool-/m);
  });

  test("is stopped with all that it started when it takes too long or prints too much", async (context) => {
    await expect(run(await script(context, "sleep 60 & sleep 60"))).rejects.toThrow(
      "Rendering it was given up: it took longer than 1 s.",
    );
    await expect(run(await script(context, "yes"))).rejects.toThrow(
      /it (printed more than 20 MB|took longer)/,
    );
    const stop = new AbortController();
    const stopped = run(await script(context, "sleep 60"), stop.signal);
    setTimeout(() => stop.abort(new Error("enough")), 50);
    await expect(stopped).rejects.toThrow("enough");
  });

  test("that fails is refused in one plain line, as long as a sentence may be", async (context) => {
    const broken = await script(
      context,
      `printf 'noise\\nError: it is \\033[31mred\\nand password=hunter2hunter2 %s' "$(printf '%0500d' 0)" >&2; exit 3`,
    );
    const error: unknown = await run(broken).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(Refusal);
    const says = String(error instanceof Error && error.message);
    expect(says).toMatch(/^Rendering it did not work: it is red and password=\[secret\] 0/);
    expect(says.length).toBeLessThan(400);
  });
});
