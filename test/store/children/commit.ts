/** A child for pglite.servers.test.ts: commits rows and pairs of rows in a folder, and prints each once it is acknowledged. */
import { writeSync } from "node:fs";
import { migrate } from "../../../src/store/migrate.ts";
import { openPglite } from "../../../src/store/pglite.ts";

const [, , folder, life] = process.argv;
if (folder === undefined) throw new Error("say which folder");
const database = await openPglite({ folder });
await migrate(database);
const insert = "INSERT INTO shipmate.journal (run, key, value) VALUES ($1, $2, $3)";
for (let n = 0; ; n += 1) {
  await database.run(insert, [`one ${life}`, String(n), { n }]);
  await database.transaction(async (sql) => {
    await sql.run(insert, [`left ${life}`, String(n), { n }]);
    await sql.run(insert, [`right ${life}`, String(n), { n }]);
  });
  // Synchronously: what is printed was acknowledged, whenever the kill comes.
  writeSync(1, `${n}\n`);
}
