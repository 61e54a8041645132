/** Shipmate as one of those that are measured in turns (`contender.ts`), with all that is built switched on. */
import { setTimeout as sleep } from "node:timers/promises";
import { contend } from "./contender.ts";
import { openWhole } from "./whole.ts";

const whole = await openWhole();
let next = 0;

async function run(): Promise<void> {
  const service = `service-${next++}`;
  await whole.ask(service);
  await whole.click(service, await whole.approval(service));
  await whole.ended(service);
}

contend({
  async runs(count) {
    await Promise.all(Array.from({ length: count }, run));
  },
  async idle() {
    const service = `service-${next++}`;
    await whole.ask(service);
    const button = await whole.approval(service);
    await sleep(20); // the card's own commit
    const arrived = performance.now();
    await whole.click(service, button);
    await whole.ended(service);
    return (whole.entered(service) ?? Number.NaN) - arrived;
  },
  close: () => whole.close(),
});
