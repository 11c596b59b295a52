import { answer } from "#cli/fake-llm/answer.ts";
import type { FakeReply, FakeRequest } from "#cli/fake-llm/fake-reply.ts";
import { startFakeLlm } from "#cli/fake-llm/server.ts";
import { allExampleCases } from "./all-example-cases.ts";
import type { ExampleCases } from "./example-cases.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** `http://host:port` of the fake language model. */
    fakeLlm: string;
  }
}

/**
 * Vitest's global setup: the fake language model, answering from the case files. Vitest transforms all that this file imports, so the
 * network, which needs Miniflare, is a file of its own.
 */
export default async function setup(project: {
  provide(key: "fakeLlm", value: string): void;
}): Promise<() => Promise<void>> {
  const replies = allExampleCases().flatMap(({ model = [] }) => model);
  const server = await startFakeLlm({ respond: (request) => reply(request, replies) });
  project.provide("fakeLlm", server.url);
  return () => server.close();
}

function reply(request: FakeRequest, replies: NonNullable<ExampleCases["model"]>): FakeReply {
  const asked = request.messages.map(({ text }) => text).join("\n");
  const known = replies.find(({ prompt_contains: part }) => part.every((text) => asked.includes(text)));
  return known !== undefined && !request.model.includes("fault-") ? { text: known.text } : answer(request);
}
