/** For looking at the console while one works on it: every state of a card in one channel. `node src/run.mjs test/web/look.ts [port]` */
import { cards, otherCards } from "../cards.ts";
import { memoryDatabase } from "../databases.ts";
import { fill } from "./fill.ts";
import { world } from "./world.ts";

const database = await memoryDatabase();
const port = Number(process.argv[2] ?? 3210);
const console_ = await world(database, { port });
await fill(console_, { ...cards, ...otherCards });
process.stdout.write(`${console_.url}\n`);
