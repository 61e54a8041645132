/** Sample cards: one for each state that a run's card can be in. Every renderer is tested with the same ones. */
import type { Button, DrawnCard, Form } from "../src/core/card.ts";

/** The states of a run's card in the order in which people meet them, by a name fit for a file. */
export const cards = {
  planning: {
    title: "Deploy web 1.4.2 to production",
    state: { tone: "busy", word: "Planning" },
    says: "Looking at what would change.",
    fields: { "Asked by": "ada" },
    facts: ["run 42"],
    buttons: [button("cancel-1", "Cancel")],
  },
  waiting: {
    title: "Deploy web 1.4.2 to production",
    state: { tone: "waiting", word: "Waiting" },
    says: "Waiting for one of payments: grace or linus.",
    changes: [
      { what: "image", from: "1.4.1", to: "1.4.2" },
      { what: "replicas", from: "3", to: "5" },
      { what: "database web-db", to: "small" },
      { what: "config FEATURE_CART", from: "off", to: "on" },
      { what: "volume web-cache", from: "10 GB", irreversible: "its content is not kept" },
      { what: "memory", from: "256 MB", to: "512 MB" },
      { what: "liveness path", from: "/health", to: "/healthz" },
    ],
    fields: { "Asked by": "ada", "Still needed": "grace or linus" },
    facts: ["run 42", "plan 9f2c41ab", "expires in 4 h"],
    buttons: [
      { id: "approve-1", label: "Approve", primary: true },
      button("reject-1", "Reject"),
      button("why-1", "Why"),
    ],
  },
  "waiting-again": {
    title: "Deploy web 1.4.2 to production",
    state: { tone: "waiting", word: "Waiting" },
    says: "Production changed since grace approved: replicas 3 → 5 (kubectl, 2 min ago). Her approval no longer counts; please look again.",
    changes: [
      { what: "image", from: "1.4.1", to: "1.4.2" },
      { what: "replicas", from: "5", to: "3" },
    ],
    fields: { "Asked by": "ada", "Still needed": "grace or linus" },
    facts: ["run 42", "plan 07be55d0", "expires in 3 h"],
    buttons: [
      { id: "approve-2", label: "Approve", primary: true },
      button("reject-2", "Reject"),
      button("why-2", "Why"),
    ],
  },
  queued: {
    title: "Deploy web 1.4.2 to production",
    state: { tone: "busy", word: "Queued" },
    says: "web in production is busy with run 41 (ada, rollback, 2 min). This is next.",
    changes: [{ what: "image", from: "1.4.1", to: "1.4.2" }],
    fields: { "Asked by": "ada", "Approved by": "grace" },
    facts: ["run 42", "plan 9f2c41ab"],
    buttons: [button("cancel-2", "Cancel")],
  },
  running: {
    title: "Deploy web 1.4.2 to production",
    state: { tone: "busy", word: "Running" },
    says: "3 of 5 ready.",
    changes: [{ what: "image", from: "1.4.1", to: "1.4.2" }],
    fields: { "Asked by": "ada", "Approved by": "grace" },
    facts: ["run 42", "plan 9f2c41ab", "ship it, for 14 s"],
    progress: { done: 3, of: 5 },
    buttons: [
      button("logs-1", "Logs"),
      { id: "cancel-3", label: "Cancel", confirm: "Stop this deploy and take it back?" },
    ],
  },
  stuck: {
    title: "Deploy web 1.5.0 to production",
    state: { tone: "bad", word: "Stuck" },
    says: "1.5.0 keeps crashing: exit code 1 after 0.3 s. Taking it back in 40 s unless it recovers.",
    changes: [{ what: "image", from: "1.4.2", to: "1.5.0" }],
    fields: { "Asked by": "ada", "Approved by": "grace" },
    code: {
      text: 'web 1.5.0 starting\nTypeError: cannot read "port" of undefined\nexit code 1',
    },
    facts: ["run 43", "plan 51d0c3e7"],
    progress: { done: 0, of: 5 },
    buttons: [
      button("logs-2", "Logs"),
      { id: "take-back-1", label: "Take back", confirm: "Bring web 1.4.2 back to production?" },
    ],
  },
  succeeded: {
    title: "Deploy web 1.4.2 to production",
    state: { tone: "good", word: "Succeeded" },
    says: "web 1.4.2 runs in production. Took 48 s.",
    changes: [{ what: "image", from: "1.4.1", to: "1.4.2" }],
    fields: { "Asked by": "ada", "Approved by": "grace" },
    facts: ["run 42", "plan 9f2c41ab", "48 s"],
    links: [{ label: "web in production", url: "https://web.example.com/" }],
    buttons: [
      {
        id: "roll-back-1",
        label: "Roll back",
        confirm: "Roll web in production back to 1.4.1?",
      },
      button("logs-3", "Logs"),
    ],
  },
  "taken-back": {
    title: "Deploy web 1.5.0 to production",
    state: { tone: "bad", word: "Taken back" },
    says: "1.5.0 did not start (exit code 1), so 1.4.2 runs again. Nothing else changed.",
    changes: [{ what: "image", from: "1.4.2", to: "1.5.0" }],
    fields: { "Asked by": "ada", "Approved by": "grace" },
    facts: ["run 43", "plan 51d0c3e7", "1 min 12 s"],
    buttons: [button("logs-4", "Logs"), button("retry-1", "Retry")],
  },
  "parked-after-a-fault": {
    title: "Deploy web 1.4.2 to production",
    state: { tone: "waiting", word: "Parked" },
    says: "The cluster did not answer, 4 times in 2 min (connection refused). Nothing was lost; web 1.4.1 still runs.",
    fields: { "Asked by": "ada", "Approved by": "grace" },
    facts: ["run 42", "plan 9f2c41ab"],
    buttons: [
      { id: "try-again-1", label: "Try again", primary: true },
      button("take-back-2", "Take back"),
    ],
  },
  "parked-unknown-outcome": {
    title: "Create a database for web in production",
    state: { tone: "waiting", word: "Parked" },
    says: "I could not find out whether the database was created. Look at web-db in the cluster, then press one.",
    changes: [{ what: "database web-db", to: "small" }],
    fields: { "Asked by": "ada", "Approved by": "grace" },
    facts: ["run 44", "plan c0ffee12"],
    buttons: [button("there-1", "It is there"), button("not-there-1", "It is not there")],
  },
  "nothing-to-do": {
    title: "Deploy web 1.4.2 to production",
    state: { tone: "calm", word: "Nothing to do" },
    says: "web already runs 1.4.2 in production.",
    fields: { "Asked by": "ada" },
    facts: ["run 45", "0.2 s"],
    buttons: [button("logs-5", "Logs")],
  },
  rejected: {
    title: "Deploy web 1.4.2 to production",
    state: { tone: "bad", word: "Rejected" },
    says: 'grace rejected this: "after the sale".',
    changes: [{ what: "image", from: "1.4.1", to: "1.4.2" }],
    fields: { "Asked by": "ada", "Rejected by": "grace" },
    facts: ["run 42", "plan 9f2c41ab"],
    buttons: [button("retry-2", "Retry")],
  },
  expired: {
    title: "Deploy web 1.4.2 to production",
    state: { tone: "calm", word: "Expired" },
    says: "Nobody answered in 4 h.",
    changes: [{ what: "image", from: "1.4.1", to: "1.4.2" }],
    fields: { "Asked by": "ada" },
    facts: ["run 42", "plan 9f2c41ab"],
    buttons: [button("retry-3", "Retry")],
  },
  cancelled: {
    title: "Deploy web 1.4.2 to production",
    state: { tone: "calm", word: "Cancelled" },
    says: "ada cancelled this. Nothing changed.",
    changes: [{ what: "image", from: "1.4.1", to: "1.4.2" }],
    fields: { "Asked by": "ada" },
    facts: ["run 42", "plan 9f2c41ab"],
    buttons: [button("retry-4", "Retry")],
  },
} as const satisfies { readonly [state: string]: DrawnCard };

/** Cards that are no run's: a table, a chart, a refusal with the nearest right answer as a button. */
export const otherCards = {
  status: {
    title: "What runs where",
    columns: ["service", "staging", "production"],
    rows: [
      ["web", "1.4.2, 5 of 5 ready", "1.4.1, 3 of 3 ready"],
      ["hello", "1.1.0, 1 of 1 ready", "1.0.0, 1 of 1 ready"],
      ["search-indexer", "2.0.0, crashing", "not deployed"],
    ],
    facts: ["as of 2 s ago"],
    buttons: [],
  },
  "not-understood": {
    title: "Not understood",
    state: { tone: "bad", word: "Refused" },
    says: 'No service "wbe". Did you mean web?',
    buttons: [{ id: "nearest-1", label: "Deploy web 1.4.2 to production", primary: true }],
  },
  latency: {
    title: "web in production is slower",
    state: { tone: "bad", word: "Slow" },
    says: "Half of the requests took over 480 ms in the last 5 min.",
    chart: {
      label: "median latency, ms",
      points: [
        [0, 120],
        [60, 130],
        [120, 125],
        [180, 410],
        [240, 480],
      ],
    },
    buttons: [button("logs-6", "Logs")],
  },
} as const satisfies { readonly [name: string]: DrawnCard };

/** The form for a deploy whose version and environment nobody gave, with what was wrong with the last try. */
export const deployForm: Form = {
  id: "form-1",
  command: "deploy",
  title: "Deploy",
  says: "Which version of web should go where?",
  submit: "Deploy",
  fields: [
    {
      name: "service",
      label: "Service",
      kind: "choice",
      required: true,
      initial: "web",
      choices: [{ value: "hello" }, { value: "web", hint: "owned by payments" }],
    },
    {
      name: "version",
      label: "Version",
      kind: "text",
      required: true,
      hint: "For example 1.4.2",
      error: "That is not a version: use letters, digits, dots and dashes.",
    },
    {
      name: "environment",
      label: "Environment",
      kind: "choice",
      required: true,
      choices: [{ value: "staging" }, { value: "production", hint: "needs an approval" }],
    },
    { name: "replicas", label: "Replicas", kind: "number", required: false },
    {
      name: "wait",
      label: "Wait until it is ready",
      kind: "yes-no",
      required: false,
      initial: "yes",
    },
  ],
};

function button(id: string, label: string): Button {
  return { id, label };
}
