/**
 * What takes long, by hand, on the servers that SHIPMATE_TEST_DATABASE_URL and SHIPMATE_TEST_REDIS_URL name. How often,
 * how many processes at once, and for how many minutes at most: `npm run chaos -- kills postgres 1500 6 60`,
 * `-- sleeps fleet 200 8`, `-- clocks postgres 60`, `-- cuts fleet 30` (by proxies), `-- cuts fleet 30 0` (in a namespace).
 */
import { faketime, misled, wrong } from "./clocks.ts";
import { cutOff, oneAfterTheOther } from "./cuts.ts";
import { die } from "./deaths.ts";
import { namespaced, proxied } from "./lines.ts";
import { places } from "./places.ts";
import { sleepPast } from "./sleeps.ts";

const [what = "kills", mode = "pglite", ...numbers] = process.argv.slice(2);
const [count = 100, seats = 4, minutes = 60] = numbers.map(Number);
const print = (came: object) => console.log(JSON.stringify({ what, mode, ...came }, null, 2));
const { place, clear } = await places(mode);
try {
  let told = 0;
  const progress = (done: number) => {
    if (done < told + 25) return;
    told = done;
    console.log(`${new Date().toISOString()} ${done} ${what}`);
  };
  const many = { seats, minutes, progress };
  if (what === "kills" && mode === "pglite") {
    // Only one process can hold a folder: here each seat is a Shipmate of its own.
    const share = { ...many, seats: 1, kills: Math.ceil(count / seats), atOnce: 30 };
    for (const died of await Promise.all(Array.from({ length: seats }, () => die(place, share))))
      print(died);
  } else if (what === "kills")
    print(await die(place, { ...many, kills: count, atOnce: 30 * seats }));
  if (what === "sleeps") print(await sleepPast(place, { ...many, sleeps: count, atOnce: 80 }));
  if (what === "clocks") {
    const library = faketime();
    if (library === undefined) throw new Error("install Debian's faketime first");
    for (const offsets of wrong) {
      const own = await places(mode);
      print(await misled(own.place, library, offsets, count).finally(own.clear));
    }
  }
  if (what === "cuts" && place.mode === "fleet") {
    const cuts = oneAfterTheOther(count);
    const lines = seats === 0 ? namespaced : proxied;
    print(await cutOff(place, { cuts, atOnce: 40, lines }));
  }
} finally {
  await clear();
}
