/** `npm start`: starts Shipmate from its settings and stops it when asked to. */
import { startShipmate } from "./app.ts";
import { loadEnvironment, readConfig } from "./config.ts";
import { Refusal } from "./core/refusal.ts";
import { ManifestError } from "./platform/load.ts";
import { watchThisProcess } from "./watchdog.ts";

const stopping = new AbortController();
try {
  loadEnvironment();
  const config = readConfig();
  const starting = startShipmate(config, { signal: stopping.signal });
  let since: number | undefined;
  /** A terminal's Ctrl-C may arrive twice at once; a later second one means "at once". */
  const stop = () => {
    if (since !== undefined) {
      if (performance.now() - since > 1_000) process.exit(1);
      return;
    }
    since = performance.now();
    // Asked to end while it starts, it ends once it has started, or at once where it waits for its database.
    stopping.abort();
    starting
      .then((shipmate) => shipmate.close())
      .then(
        () => process.exit(0),
        () => process.exit(1),
      );
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  const { url, troubled } = await starting;
  // A promise that a workflow's author left behind must not end everybody's runs here.
  process.on("unhandledRejection", (error) => troubled(error, "doing what nobody waited for"));
  watchThisProcess();
  process.stdout.write(`Shipmate is ready: ${url}\n${config.why}\n`);
} catch (error) {
  if (error === stopping.signal.reason) process.exit(0);
  const expected = error instanceof Refusal || error instanceof ManifestError;
  process.stderr.write(
    `${expected || !(error instanceof Error) ? String(error instanceof Error ? error.message : error) : error.stack}\n`,
  );
  process.exit(1);
}
