/** Every scenario with a crash at every await; half of them here, the other half beside it. */
import { crashSuite } from "./crash-suite.ts";

crashSuite({ part: 2, of: 2, stride: 1, several: 40 });
