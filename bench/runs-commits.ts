/** The database's own floor, to compare with (`contender.ts`): six rows a run, each a commit (start, 2 looks, approval, 2 effects). */
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Database } from "../src/store/database.ts";
import { openPglite } from "../src/store/pglite.ts";
import { openPostgres } from "../src/store/postgres.ts";
import { contend } from "./contender.ts";

const { DATABASE_URL: url, SHIPMATE_HOME: home = "." } = process.env;
await mkdir(home, { recursive: true });
const database: Database =
  url === undefined ? await openPglite({ folder: join(home, "data") }) : await openPostgres(url);
await database.run(
  "CREATE TABLE commits (run text, step integer, value jsonb NOT NULL, PRIMARY KEY (run, step))",
);

contend({
  async runs(count) {
    await Promise.all(
      Array.from({ length: count }, async () => {
        const run = randomUUID();
        for (let step = 0; step < 6; step++)
          await database.run("INSERT INTO commits (run, step, value) VALUES ($1, $2, $3)", [
            ...[run, step],
            { is: "done" },
          ]);
      }),
    );
  },
  close: () => database.close(),
});
