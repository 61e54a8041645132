/** The first half of 500 seeds. */
import { simSuite } from "./sim-suite.ts";

simSuite(1, 250);
