/** `npm run demo`: the main job in a terminal, on this machine alone; with `--kubernetes` on a cluster. */
await (process.argv.includes("--kubernetes")
  ? import("./demo-kubernetes.ts")
  : import("./demo-local.ts"));
