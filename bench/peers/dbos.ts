/** DBOS Transact: the same durable steps, its state in the PostgreSQL that DATABASE_URL names. */
import { DBOS } from "@dbos-inc/dbos-sdk";
import { contendAs } from "./contend.ts";

await contendAs(async (told) => {
  DBOS.setConfig({
    name: "bench",
    systemDatabaseUrl: process.env["DATABASE_URL"] ?? "",
    logLevel: "error",
  });
  const look = async (what: string) => ({ what, version: null, ready: 1, of: 1 });
  const effect = async (id: string) => {
    told.effect(id);
    return { url: null };
  };
  const ship = DBOS.registerWorkflow(
    async (id: string) => {
      await DBOS.runStep(() => look("what runs"), { name: "what runs" });
      await DBOS.runStep(() => look("what it takes"), { name: "what it takes" });
      told.waits(id);
      if ((await DBOS.recv<string>("approval", 60)) !== "yes") throw new Error("nobody approved");
      await DBOS.runStep(() => effect(id), { name: "first" });
      await DBOS.runStep(() => effect(id), { name: "second" });
    },
    { name: "ship" },
  );
  await DBOS.launch();
  return {
    async run(id) {
      const handle = await DBOS.startWorkflow(ship, { workflowID: id })(id);
      return handle.getResult();
    },
    approve: (id) => DBOS.send(id, "yes", "approval"),
    close: () => DBOS.shutdown(),
  };
});
