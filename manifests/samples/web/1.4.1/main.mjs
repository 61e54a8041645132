/** web 1.4.1: the shop's page. */
import { serve } from "../../serve.mjs";
import { shop } from "../page.mjs";

serve({ name: "web", version: "1.4.1", pages: { "/": shop } });
