/** `npm run test:kills -- pglite 100`, `-- postgres 1500`, `-- fleet 1500`: prints what was killed where, and what came of it. */

import { die } from "./deaths.ts";
import { places } from "./places.ts";

const [mode = "pglite", kills = "100", seats = "3", atOnce = "150"] = process.argv.slice(2);
const { place, clear } = await places(mode);
try {
  let told = 0;
  const died = await die(place, {
    ...{ kills: Number(kills), seats: Number(seats), atOnce: Number(atOnce) },
    progress: (done, asked) => {
      if (done < told + 25) return;
      told = done;
      console.log(`${new Date().toISOString()} ${done} kills, ${asked} runs asked for`);
    },
  });
  console.log(JSON.stringify({ mode, ...died }, null, 2));
} finally {
  await clear();
}
