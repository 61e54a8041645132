/** A storm by hand: `npm run storm -- --minutes 10 --runs 50`, with a PostgreSQL at SHIPMATE_TEST_DATABASE_URL. */
import { parseArgs } from "node:util";
import { Client } from "pg";
import { report, storm } from "./storm.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    runs: { type: "string", default: "50" },
    replicas: { type: "string", default: "3" },
    seed: { type: "string", default: "1" },
  },
});
const server = process.env["SHIPMATE_TEST_DATABASE_URL"];
if (server === undefined) throw new Error("set SHIPMATE_TEST_DATABASE_URL to a PostgreSQL");
const name = `shipmate_storm_${process.pid}`;
const client = new Client({ connectionString: server });
await client.connect();
await client.query(`CREATE DATABASE ${name}`);
try {
  const url = new URL(server);
  url.pathname = `/${name}`;
  const aftermath = await storm({
    database: url.href,
    seed: Number(values.seed),
    replicas: Number(values.replicas),
    runs: Number(values.runs),
    channels: 5,
    seconds: Number(values.minutes) * 60,
    retryAfter: [1, 10],
    patience: 300,
  });
  process.stdout.write(`${report(aftermath)}\n`);
} finally {
  await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await client.end();
}
