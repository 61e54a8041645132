/** A child for folder.servers.test.ts: holds the folder of its argument, says so, and stays. */
import { holdFolder } from "../../../src/store/folder.ts";

const [, , folder, release] = process.argv;
if (folder === undefined) throw new Error("say which folder");
try {
  const held = await holdFolder(folder);
  console.log("held");
  if (release === "release") await held.release();
  else setInterval(() => undefined, 1_000);
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
