/** A room for an incident, with roll back as a button until the alert is over. */
import { defineWorkflow, press, when } from "shipmate";
import { z } from "zod";
import { changes, Environment, metrics, rooms, Service } from "../roles.ts";
import rollback from "./rollback.ts";

export default defineWorkflow({
  name: "incident",
  input: z.object({
    id: z.string(),
    alert: z.string(),
    service: Service,
    environment: Environment,
    people: z.array(z.string()),
  }),
  title: (i) => `Incident ${i.id}: ${i.alert}`,
  async run(step, { id, alert, service, environment, people }) {
    const name = `incident-${id}`;
    await step.change("open the room", [rooms.open({ name, topic: alert, invite: people })]);
    const recent = changes.recent({ service, environment, since: "2h" });
    const suspects = await step.look("suspects", recent);
    const suspect = z.object({ service: z.enum(suspects.map((s) => s.service)) });
    for (let n = 1; ; n++) {
      const next = await step.wait(`open ${n}`, {
        when: { resolved: when(metrics.alert({ alert, service }), (a) => !a.firing) },
        press: { resolve: press("Resolved"), rollback: press("Roll back", { form: suspect }) },
      });
      if (next.is !== "rollback") break;
      await step.run(`roll back ${n}`, rollback, { service: next.form.service, environment });
    }
    await step.change("close the room", [rooms.archive({ name })]);
  },
});
