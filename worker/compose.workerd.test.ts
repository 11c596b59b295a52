import { describe, expect, it } from "vitest";
import { testEnv } from "#test/workerd/api-client.ts";
import { createDeps } from "./compose.ts";

const STARTS = Array.from({ length: 17 }, (_, index) => index);

describe("starts of runs", () => {
  it.each([
    ["detach", "stand in line where consumers work beside their request", 16],
    ["await", "do not stand in line where each request has an isolate's time to itself", 17],
  ] as const)("%s: %s", async (WEFT_CONSUMER_MODE, _, most) => {
    const { inLine } = createDeps({ ...testEnv, WEFT_CONSUMER_MODE });
    const end = Promise.withResolvers<void>();
    let begun = 0;
    const answers = STARTS.map((index) =>
      inLine("w", async () => {
        begun += 1;
        await end.promise;
        return index;
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(begun).toBe(most);
    end.resolve();
    expect(await Promise.all(answers)).toEqual(STARTS);
  });
});
