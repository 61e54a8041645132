/** hello 1.0.0: says hello. */
import { serve } from "../../serve.mjs";
import { greeting } from "../page.mjs";

serve({ name: "hello", version: "1.0.0", pages: { "/": greeting } });
