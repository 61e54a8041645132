/** A platform for policy's tests: two teams, one of one person, and environments of every kind. */
import { parsePlatform } from "../../src/platform/load.ts";

export const platform = parsePlatform(
  "platform.yaml",
  `
people:
  ada: { name: Ada, accounts: { slack: U1, teams: ada@example.com } }
  grace: { name: Grace, accounts: { slack: U2 } }
  linus: { name: Linus }
  edsger: { name: Edsger }
  mallory: { name: Mallory, accounts: { slack: U9 } }
teams:
  payments: { members: [ada, grace] }
  storefront: { members: [linus, grace] }
  solo: { members: [edsger] }
  security: { members: [linus, edsger] }
services:
  web: { owner: payments }
  hello: { owner: payments }
  shop: { owner: storefront }
  lone: { owner: solo }
environments:
  staging: { cluster: local, change: everyone }
  production:
    cluster: local
    approval: { from: owners, expires: 4h }
    rollback: pre-approved
  vault:
    cluster: local
    change: everyone
    approval: { from: security, count: 2, expires: 30m }
clusters:
  local: { provider: local }
`,
);
