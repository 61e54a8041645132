/** The short form: every scenario with a crash at every 19th await; half of them here, the other half beside it. */
import { crashSuite } from "./crash-suite.ts";

crashSuite({ part: 1, of: 2, stride: 19, several: 1 });
