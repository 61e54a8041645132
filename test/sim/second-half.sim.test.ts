/** The second half of 500 seeds, beside the first. */
import { simSuite } from "./sim-suite.ts";

simSuite(251, 500);
