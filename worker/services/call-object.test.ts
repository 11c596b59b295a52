import { describe, expect, it } from "vitest";
import { callObject } from "./call-object.ts";
import { ServiceError } from "./service-error.ts";

/** As the platform marks what a stub throws. */
const failure = (marks: object): Error => Object.assign(new Error("broken"), marks);

/** Fails with each of these in turn, then answers. */
function failing(...failures: Error[]): { call: () => Promise<string>; calls: () => number } {
  let calls = 0;
  return {
    call: () => {
      const error = failures[calls];
      calls += 1;
      return error === undefined ? Promise.resolve("answer") : Promise.reject(error);
    },
    calls: () => calls,
  };
}

const asked = (call: () => Promise<string>, repeatable = true): Promise<string> =>
  callObject(call, { of: "run", id: "r", repeatable });

const refusal = { name: "ServiceError", status: 503, code: "overloaded", retryAfter: 2 };

describe("a call of an object", () => {
  it("is made again after a failure that passes", async () => {
    const { call, calls } = failing(failure({ retryable: true }), failure({ retryable: true }));
    expect(await asked(call)).toBe("answer");
    expect(calls()).toBe(3);
  });

  it("is made again after a failure of which the platform says nothing but where to look it up", async () => {
    const { call, calls } = failing(new Error("internal error; reference = n3ouqf5p78p2pp20mh6e4l63"));
    expect(await asked(call)).toBe("answer");
    expect(calls()).toBe(2);
  });

  it("is made again when its object was just leaving the memory", async () => {
    const { call, calls } = failing(failure({ durableObjectReset: true }));
    expect(await asked(call)).toBe("answer");
    expect(calls()).toBe(2);
  });

  it("[BI13] is given up after three tries, and says when to come back", async () => {
    const passing = failure({ retryable: true });
    const { call, calls } = failing(passing, passing, passing, passing);
    await expect(asked(call)).rejects.toMatchObject({ ...refusal, cause: passing });
    expect(calls()).toBe(3);
  });

  it("is not made again where that is not safe, and does not claim that nothing has happened", async () => {
    const { call, calls } = failing(failure({ retryable: true }));
    await expect(asked(call, false)).rejects.toMatchObject({
      ...refusal,
      message: expect.stringContaining("may have"),
    });
    expect(calls()).toBe(1);
  });

  it.each([{ overloaded: true }, { overloaded: true, retryable: true }])(
    "[BI13] leaves an object alone that has too much to do: %j",
    async (marks) => {
      const { call, calls } = failing(failure(marks));
      await expect(asked(call)).rejects.toMatchObject(refusal);
      expect(calls()).toBe(1);
    },
  );

  it.each([failure({}), failure({ retryable: false, overloaded: false }), failure({ remote: true })])(
    "passes on what the object threw itself",
    async (own) => {
      const { call, calls } = failing(own);
      await expect(asked(call)).rejects.toBe(own);
      expect(calls()).toBe(1);
    },
  );

  it("passes a refusal on", async () => {
    const own = new ServiceError(422, "no", "No.");
    await expect(asked(failing(own).call)).rejects.toBe(own);
  });
});
