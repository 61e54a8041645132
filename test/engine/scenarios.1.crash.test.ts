/** Half of the crash matrix; the other half runs beside it. */
import { crashSuite } from "./crash-suite.ts";

crashSuite({ part: 0, of: 2 });
