/** web 1.5.0: wants a setting that nobody gave it, and crashes while it starts. */
import { log } from "../../serve.mjs";

log("web 1.5.0 starts, reading the price list");
setTimeout(() => {
  log("Error: SHOP_CURRENCY is not set, so prices cannot be shown");
  process.exit(1);
}, 250);
