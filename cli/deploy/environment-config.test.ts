import { describe, expect, it } from "vitest";
import { configFor } from "./environment-config.ts";

const built = {
  name: "weft",
  main: "index.js",
  d1_databases: [{ binding: "DB", database_name: "weft" }],
  r2_buckets: [{ binding: "FILES", bucket_name: "weft-files" }],
  queues: {
    producers: [{ binding: "WORK_QUEUE_IO", queue: "weft-work-io" }],
    consumers: [{ queue: "weft-work-io", max_batch_size: 10 }],
  },
  services: [
    { binding: "WORK_RUNNER", service: "weft", entrypoint: "WorkRunner" },
    { binding: "OTHER", service: "somebody-else" },
  ],
};

describe("configFor", () => {
  it("leaves production as built", () => {
    expect(configFor(built, "production")).toEqual(built);
  });

  it("gives staging names of its own and keeps everything else", () => {
    const staging = configFor(built, "staging");
    expect(staging).toEqual({
      name: "weft-staging",
      main: "index.js",
      d1_databases: [{ binding: "DB", database_name: "weft-staging" }],
      r2_buckets: [{ binding: "FILES", bucket_name: "weft-staging-files" }],
      queues: {
        producers: [{ binding: "WORK_QUEUE_IO", queue: "weft-staging-work-io" }],
        consumers: [{ queue: "weft-staging-work-io", max_batch_size: 10 }],
      },
      services: [
        { binding: "WORK_RUNNER", service: "weft-staging", entrypoint: "WorkRunner" },
        { binding: "OTHER", service: "somebody-else" },
      ],
    });
    expect(built.name).toBe("weft");
  });
});
