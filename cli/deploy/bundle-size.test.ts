import { expect, it } from "vitest";
import { uploadSize } from "./bundle-size.ts";

it("reads the sizes that wrangler prints", () => {
  expect(uploadSize("✨ Read 54 files\nTotal Upload: 6675.10 KiB / gzip: 1436.80 KiB\nYour Worker")).toEqual({
    total: 6675.1,
    compressed: 1436.8,
  });
  expect(uploadSize("nothing of the kind")).toBeNull();
});
