/** Lines from one process to what it needs, each of which can be cut: through small proxies, or out of a network namespace. */
import { execFileSync } from "node:child_process";
import { type Line, proxyTo } from "./proxy.ts";

export interface Lines {
  /** The same address, by way of the line. */
  via(url: string): string;
  /** What the process is started with. */
  readonly under: readonly string[];
  become(url: string, line: Line): void;
  /** When what was under way in a silent line arrives: as soon as it is mended, or when the kernel sends it again. */
  readonly late: "arrived" | "coming";
  close(): Promise<void>;
}

/** Everywhere. */
export async function proxied(urls: readonly string[]): Promise<Lines> {
  return linesTo(urls, "127.0.0.1");
}

const name = "shipmate-chaos";
const [outer, inner] = ["10.211.7.1", "10.211.7.2"];

/**
 * On Linux as root, with iproute2 and nftables: the process lives in a namespace of its own, where the kernel drops or
 * refuses its packets. What is already under way may still arrive once they pass again.
 */
export async function namespaced(urls: readonly string[]): Promise<Lines> {
  run("ip", "netns", "add", name);
  try {
    run("ip", "link", "add", "chaos0", "type", "veth", "peer", "name", "chaos1", "netns", name);
    run("ip", "addr", "add", `${outer}/30`, "dev", "chaos0");
    run("ip", "link", "set", "chaos0", "up");
    inside("ip", "addr", "add", `${inner}/30`, "dev", "chaos1");
    inside("ip", "link", "set", "chaos1", "up");
    inside("ip", "link", "set", "lo", "up");
    inside("nft", "add", "table", "inet", "chaos");
    for (const way of ["output", "input"])
      inside(
        "nft",
        "add",
        "chain",
        "inet",
        "chaos",
        way,
        `{ type filter hook ${way} priority 0; }`,
      );
    const lines = await linesTo(urls, outer);
    const cut = new Map<string, Line>();
    return {
      ...lines,
      under: ["ip", "netns", "exec", name],
      late: "coming",
      become(url, line) {
        cut.set(new URL(lines.via(url)).port, line);
        for (const way of ["output", "input"])
          inside("nft", "flush", "chain", "inet", "chaos", way);
        for (const [port, line] of cut) {
          const rule = (way: string, ...words: string[]) =>
            inside("nft", "add", "rule", "inet", "chaos", way, "tcp", ...words);
          if (line === "reset") rule("output", "dport", port, "reject", "with", "tcp", "reset");
          if (line !== "silent") continue;
          rule("output", "dport", port, "drop");
          rule("input", "sport", port, "drop");
        }
      },
      async close() {
        await lines.close();
        run("ip", "netns", "del", name);
      },
    };
  } catch (error) {
    run("ip", "netns", "del", name);
    throw error;
  }
}

const run = (command: string, ...args: readonly string[]) => void execFileSync(command, args);
const inside = (...line: readonly string[]) => run("ip", "netns", "exec", name, ...line);

async function linesTo(urls: readonly string[], host: string): Promise<Lines> {
  const proxies = new Map(
    await Promise.all(
      urls.map(async (url) => [url, await proxyTo(Number(new URL(url).port), host)] as const),
    ),
  );
  return {
    under: [],
    late: "arrived",
    via(url) {
      const to = new URL(url);
      to.hostname = host;
      to.port = String(proxies.get(url)?.port);
      return to.href;
    },
    become: (url, line) => proxies.get(url)?.become(line),
    async close() {
      await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
    },
  };
}
