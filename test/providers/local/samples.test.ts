import { describe, expect, test } from "vitest";
import { Refusal } from "../../../src/core/refusal.ts";
import { byVersion, samplesIn } from "../../../src/providers/local/samples.ts";

const samples = samplesIn("manifests/samples");

describe("the samples", () => {
  test("have their versions with the newest first", () => {
    expect(samples.versions("web")).toEqual(["1.5.0", "1.4.2", "1.4.1"]);
    expect(samples.versions("hello")).toEqual(["1.2.0", "1.1.0", "1.0.0"]);
  });

  test("order versions by number, and put what comes before a release before it", () => {
    const all = ["1.10.0", "1.0.0", "1.9.0", "1.0.0-rc.2", "1.0.0-rc.10", "2"];
    const order = ["1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.9.0", "1.10.0", "2"];
    expect(all.sort(byVersion)).toEqual(order);
  });

  test("refuse what there is not, and say what there is", () => {
    expect(() => samples.versions("api")).toThrow(
      'There is no sample service "api". There is hello and web.',
    );
    expect(() => samples.main("web", "9.9.9")).toThrow(
      "There is no version 9.9.9 of web. There is 1.5.0, 1.4.2 and 1.4.1.",
    );
  });

  test.each(["..", "../..", "/etc", "a/b", "a\\b", "", "A", "a\0b", "-a"])(
    "never let the name %j into a path",
    (name) => {
      expect(() => samples.at({ service: name, environment: "staging" })).toThrow(Refusal);
      expect(() => samples.at({ service: "web", environment: name })).toThrow(Refusal);
      expect(() => samples.main(name, "1.4.1")).toThrow(Refusal);
      expect(() => samples.main("web", name)).toThrow(Refusal);
    },
  );
});
