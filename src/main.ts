/** `npm start`: starts Shipmate from its settings and stops it when asked to. */
import { startShipmate } from "./app.ts";
import { loadEnvironment, readConfig } from "./config.ts";
import { Refusal } from "./core/refusal.ts";
import { ManifestError } from "./platform/load.ts";

try {
  loadEnvironment();
  const shipmate = await startShipmate(readConfig());
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    shipmate.close().then(() => process.exit(0));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
} catch (error) {
  const expected = error instanceof Refusal || error instanceof ManifestError;
  process.stderr.write(
    `${expected || !(error instanceof Error) ? String(error instanceof Error ? error.message : error) : error.stack}\n`,
  );
  process.exit(1);
}
