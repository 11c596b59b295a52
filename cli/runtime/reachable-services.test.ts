import { expect, it } from "vitest";
import { reachable } from "./reachable-services.ts";

it("keeps the services that the roots reach, in their order, also in a circle", () => {
  const services = [
    { name: "storage" },
    { name: "database", worker: { modules: [], durableObjectStorage: { localDisk: "storage" } } },
    { name: "alone", worker: { modules: [], bindings: [{ name: "DB", service: { name: "database" } }] } },
    { name: "main", worker: { modules: [{ name: "alone" }], bindings: [{ name: "B", service: { name: "broker" } }] } },
    {
      name: "broker",
      worker: { modules: [], bindings: [{ name: "M", service: { name: "main" } }, { db: "database" }] },
    },
  ];
  expect(reachable(services, ["main"]).map(({ name }) => name)).toEqual(["storage", "database", "main", "broker"]);
  expect(reachable(services, ["missing"])).toEqual([]);
});
