/** web 1.4.2: the shop's page. */
import { serve } from "../../serve.mjs";
import { shop } from "../page.mjs";

serve({ name: "web", version: "1.4.2", pages: { "/": shop } });
