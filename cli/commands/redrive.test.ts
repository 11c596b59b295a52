import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import type { RedriveItem, RedriveResult } from "#worker/contracts/rerun.ts";
import { commandIo } from "../command-io.testkit.ts";
import { runCommandLine } from "../run-command.ts";
import { redriveCommand } from "./redrive.ts";

type Answer = { status: 200; body: RedriveResult } | { status: 503; body: { error: object } };

const item = (number: number): RedriveItem => ({ execution_id: `old-${number}`, new_execution_id: `new-${number}` });
const page = (numbers: number[], next_cursor: string | null): Answer => ({
  status: 200,
  body: { items: numbers.map(item), next_cursor },
});
const refusal: Answer = { status: 503, body: { error: { code: "overloaded", message: "Too much." } } };

describe("weft redrive", () => {
  let close = (): void => undefined;
  afterEach(() => close());

  /** Against a server that gives these answers in turn. `asked`: each call's cursor, and what people had been told when it came. */
  async function redrive(answers: Answer[], ...args: string[]) {
    const asked: { cursor: unknown; told: string }[] = [];
    const server = createServer((request: IncomingMessage, response) => {
      void json(request).then((body) => {
        const answer = answers[asked.length] ?? refusal;
        asked.push({ cursor: (body as { cursor?: string }).cursor, told: said.err });
        response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    close = () => {
      server.closeAllConnections();
      server.close();
    };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { io, said } = commandIo({ WEFT_URL: url, WEFT_API_KEY: "key" });
    const code = await runCommandLine([redriveCommand], ["redrive", "--status", "failed", ...args], io);
    return { code, asked, ...said };
  }

  it("tells how many there are so far before it asks for more, and nothing when there are no more", async () => {
    const { code, out, ...rest } = await redrive(
      [page([1, 2], "a"), page([3], "b"), page([4], null)],
      "--all",
      "--json",
    );
    expect([code, JSON.parse(out)]).toEqual([0, [1, 2, 3, 4].map(item)]);
    expect(rest).toEqual({
      asked: [
        { cursor: undefined, told: "" },
        { cursor: "a", told: "2 runs so far …\n" },
        { cursor: "b", told: "2 runs so far …\n3 runs so far …\n" },
      ],
      err: "2 runs so far …\n3 runs so far …\n",
    });
  });

  it("asks once without --all, however many there are", async () => {
    const { asked, err } = await redrive([page([1], "a")]);
    expect([asked.length, err]).toEqual([1, ""]);
  });

  it("shows the runs that it got before the server refused more", async () => {
    const { code, out, err } = await redrive([page([1, 2], "a"), refusal], "--all");
    expect(code).toBe(1);
    expect(out).toBe("RUN    NEW RUN  ERROR\nold-1  new-1\nold-2  new-2\n");
    expect(err).toBe("2 runs so far …\nweft redrive: Too much. (overloaded)\n");
  });

  it("shows no runs when the server refused at once", async () => {
    expect(await redrive([refusal], "--all")).toMatchObject({
      code: 1,
      out: "",
      err: "weft redrive: Too much. (overloaded)\n",
    });
  });
});
