import { parseArgs } from "node:util";
import { FAULTS } from "./fake-llm/answer.ts";
import { startFakeLlm } from "./fake-llm/server.ts";
import type { FakeLlm } from "./fake-llm/server.ts";

const DEFAULT_PORT = 8089;

const USAGE = `weft fake-llm [--port ${DEFAULT_PORT}] [--host 127.0.0.1]

Starts a server that speaks the protocols of OpenAI and Anthropic without any model behind it, so that agents with AI blocks
run without a key. Its answers repeat the prompt in short, fill in the JSON that is asked for, and call the tools that are named.
A model whose name has fault-… in it makes it fail: ${FAULTS.map((fault) => `fault-${fault}`).join(", ")}.
`;

/**
 * `weft fake-llm`: serves until `signal` aborts, by default on Ctrl-C or SIGTERM. Resolves with the exit code. Prints the environment
 * variables that make Weft use it.
 */
export async function runFakeLlm(
  argv: string[],
  options: { write?: (text: string) => void; signal?: AbortSignal } = {},
): Promise<number> {
  const write = options.write ?? ((text) => process.stdout.write(text));
  const wish = readOptions(argv);
  if ("problem" in wish) {
    write(`${wish.problem}\n\n${USAGE}`);
    return wish.code;
  }
  const server = await startFakeLlm(wish).catch((error: unknown) => error);
  if (server instanceof Error) {
    write(`The port ${wish.port} on ${wish.host} cannot be used: ${server.message}. Choose another one with --port.\n`);
    return 1;
  }
  const running = server as FakeLlm;
  write(announcement(running));
  await stopped(options.signal);
  await running.close();
  return 0;
}

type Options = { port: number; host: string };

function readOptions(argv: string[]): Options | { problem: string; code: number } {
  try {
    const { values } = parseArgs({
      args: argv,
      options: { port: { type: "string" }, host: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
    const port = Number(values.port ?? DEFAULT_PORT);
    if (values.help === true) {
      return { problem: "A language model for trying things out.", code: 0 };
    }
    if (!Number.isInteger(port) || port < 0 || port > 65_535) {
      return { problem: `--port ${values.port} is not a port. Give a number from 0 (any free one) to 65535.`, code: 2 };
    }
    return { port, host: values.host ?? "127.0.0.1" };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error), code: 2 };
  }
}

function announcement(server: FakeLlm): string {
  return [
    `fake-llm listens on ${server.url}. To use it, start Weft with:`,
    "",
    `export OPENAI_API_KEY=fake OPENAI_BASE_URL=${server.openAiBaseUrl}`,
    `export ANTHROPIC_API_KEY=fake ANTHROPIC_BASE_URL=${server.anthropicBaseUrl}`,
    `export WEFT_EGRESS_ALLOW=${server.address}`,
    "",
    "",
  ].join("\n");
}

function stopped(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal === undefined) {
      process.once("SIGINT", () => {
        resolve();
      });
      process.once("SIGTERM", () => {
        resolve();
      });
    } else if (signal.aborted) {
      resolve();
    } else {
      signal.addEventListener("abort", () => {
        resolve();
      });
    }
  });
}
