/** A child process: makes an empty database in the folder that is its only argument. */
import { PGlite } from "@electric-sql/pglite";

const [, , folder] = process.argv;
if (folder === undefined) throw new Error("say which folder");
const pglite = await PGlite.create({
  dataDir: folder,
  // A log in pieces of 1 MB: filling a new one with zeros then takes 1 ms of the event loop, not 20.
  initDbStartParams: ["--wal-segsize=1"],
  startParams: [...PGlite.defaultStartParams, "-c", "shared_buffers=16MB"],
});
await pglite.close();
