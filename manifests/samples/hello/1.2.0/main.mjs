/** hello 1.2.0: starts, but never becomes healthy. */
import { log, serve } from "../../serve.mjs";
import { greeting } from "../page.mjs";

log("waiting for the table of greetings");
serve({
  name: "hello",
  version: "1.2.0",
  pages: { "/": greeting },
  health: () => [503, "the table of greetings is missing"],
});
