/** What many drives ask of the database at the same time goes there in one statement and one commit. One for a process. */
import { type Park, parkTogether } from "./claims.ts";
import type { Database } from "./database.ts";
import { type Put, putTogether } from "./journal.ts";
import type { Passed } from "./runs.ts";
import { type DriveState, statesTogether } from "./snapshot.ts";

export interface Together {
  /** For what is asked for alone. */
  readonly database: Database;
  readonly read: (run: string) => Promise<DriveState>;
  readonly put: (put: Put) => Promise<Passed>;
  readonly park: (park: Park) => Promise<void>;
}

export const together = (database: Database): Together => ({
  database,
  read: statesTogether(database),
  put: putTogether(database),
  park: parkTogether(database),
});
