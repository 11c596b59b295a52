import { testEnv } from "./api-client.ts";

type Around = (method: string, call: () => unknown) => unknown;

/** The objects of a class, and `around` every call of one of them: it makes the call, or something else of it. */
export function watchedNamespace(name: "EXECUTIONS" | "WORKSPACES", around: Around): DurableObjectNamespace {
  return new Proxy(testEnv[name], {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key);
      if (key !== "get") {
        return typeof member === "function" ? (member.bind(target) as unknown) : member;
      }
      return (id: DurableObjectId) => watchedStub(target.get(id), around);
    },
  });
}

function watchedStub(object: DurableObjectStub, around: Around): DurableObjectStub {
  return new Proxy(object, {
    get:
      (stub, method) =>
      (...args: unknown[]) =>
        around(String(method), () =>
          (stub as unknown as Record<string, (...all: unknown[]) => unknown>)[String(method)]?.(...args),
        ),
  });
}
