import { expect, test } from "vitest";
import { Refusal } from "../../../../src/core/refusal.ts";
import { absent, denied } from "../../../../src/providers/kubernetes/plan/deny.ts";
import { ApiError } from "../../../../src/providers/kubernetes/types.ts";

const doing = "applying Deployment web";
const error = (code: number, says: string, reason = "", causes: ApiError["causes"] = []) =>
  new ApiError(says, { code, reason, causes });
const forbidden = (says: string) =>
  error(403, `deployments.apps "web" is forbidden: ${says}`, "Forbidden");

test.each<[string, ApiError, string]>([
  [
    "a quota",
    forbidden(
      "exceeded quota: compute, requested: pods=1,requests.memory=3Gi, used: pods=4,requests.memory=7Gi, limited: pods=9,requests.memory=8Gi",
    ),
    "The quota compute doesn't leave room for applying Deployment web: it asks for 1 of pods, where 4 of 9 is in use and 3Gi of memory, where 7Gi of 8Gi is in use; free some, or have the quota raised.",
  ],
  [
    "a quota that wants limits",
    forbidden("failed quota: compute: must specify limits.cpu for: web; limits.memory for: web"),
    "The quota compute wants limits.cpu set before applying Deployment web is allowed: set it in the manifest.",
  ],
  [
    "rights",
    forbidden(
      'User "ada" cannot patch resource "deployments" in API group "apps" in the namespace "shop"',
    ),
    "The cluster doesn't let ada change deployments.apps in the namespace shop, which applying Deployment web needs: whoever runs it grants ada patch on deployments.apps there.",
  ],
  [
    "impersonation",
    error(
      403,
      'users "ada" is forbidden: User "shipmate" cannot impersonate resource "users" in API group "" at the cluster scope',
    ),
    "The cluster doesn't let Shipmate (shipmate) act in somebody's name, which applying Deployment web needs: whoever runs it grants shipmate impersonate on users and groups.",
  ],
  [
    "a webhook",
    error(
      400,
      'admission webhook "check.acme.example" denied the request: no\u001b[31m root, please',
    ),
    "The cluster's check check.acme.example forbids applying Deployment web: no root, please.",
  ],
  [
    "a webhook that is down",
    error(
      500,
      'Internal error occurred: failed calling webhook "check.acme.example": connection refused',
    ),
    "The cluster's check check.acme.example doesn't answer, so it refuses applying Deployment web: try again, or ask who runs the cluster.",
  ],
  [
    "a namespace that is going",
    forbidden("unable to create new content in namespace shop because it is being terminated"),
    "The namespace shop is being deleted, so applying Deployment web is not possible: wait until it is gone.",
  ],
  [
    "a field that can't change",
    error(
      422,
      'Deployment.apps "web" is invalid: spec.selector: Invalid value: ...: field is immutable',
      "Invalid",
      [
        {
          field: "spec.selector",
          message: "Invalid value: {...}: field is immutable",
          reason: "FieldValueInvalid",
        },
      ],
    ),
    "Applying Deployment web is not possible, because spec.selector can't be changed once it is there: put it back as it was, or remove the object first.",
  ],
  [
    "several values that are wrong",
    error(422, "...", "Invalid", [
      { field: "spec.replicas", message: "must be greater than or equal to 0", reason: "" },
      { field: "spec.x", message: "Required value", reason: "" },
    ]),
    "Applying Deployment web is not possible, because of spec.replicas: must be greater than or equal to 0 (and 1 more).",
  ],
  [
    "something too large",
    error(413, "limit exceeded", "RequestEntityTooLarge"),
    "Applying Deployment web is not possible, because it is too large for the cluster: make it smaller or split it.",
  ],
  [
    "another writer",
    error(409, "Operation cannot be fulfilled", "Conflict"),
    "Applying Deployment web came at the same time as somebody else's change; try again.",
  ],
])("%s is refused in one sentence with the next step", (_, from, says) => {
  const refusal = denied(from, doing);
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal.message).toBe(says);
});

test("what is nobody's no stays a fault, with what was being done", () => {
  const cause = new Error("the cluster prod did not answer");
  expect(denied(cause, doing)).toMatchObject({ name: "Error", message: doing, cause });
  const busy = error(503, "etcd leader changed");
  expect(denied(busy, doing)).toMatchObject({ name: "Error", message: doing, cause: busy });
  const refusal = new Refusal("No.");
  expect(denied(refusal, doing)).toBe(refusal);
});

test("a kind that is not there names who makes it", () => {
  expect(absent("prod", { apiVersion: "postgresql.cnpg.io/v1", kind: "Cluster" }).message).toBe(
    "The cluster prod has no CloudNativePG (postgresql.cnpg.io/v1 Cluster): ask the platform team to install it, see https://cloudnative-pg.io/docs.",
  );
  expect(
    absent("prod", { apiVersion: "rds.aws.upbound.io/v1", kind: "Instance" }).message,
  ).toContain("Crossplane");
  expect(absent("prod", { apiVersion: "notcert-manager.io/v1", kind: "X" }).message).toContain(
    "knows no X",
  );
});
