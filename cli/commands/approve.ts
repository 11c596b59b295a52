import { parseArgs } from "node:util";
import { type Command, EXIT, UsageError } from "../command.ts";
import { jsonOrText } from "../json-or-text.ts";
import { clientFor, SERVER_OPTIONS, SERVER_USAGE } from "../server-options.ts";

export const approveCommand: Command = {
  name: "approve",
  usage: `EXECUTION_ID REVIEW_ID [--reject] [--data JSON] [--message TEXT] [--always] ${SERVER_USAGE}`,
  summary:
    "decide a review: approve it (with --data, as edited; with --always, the node's further ones too) or --reject it",
  async run(argv, io) {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        ...SERVER_OPTIONS,
        reject: { type: "boolean", default: false },
        data: { type: "string" },
        message: { type: "string" },
        always: { type: "boolean", default: false },
      },
    });
    const [id, reviewId, ...rest] = positionals;
    if (id === undefined || reviewId === undefined || rest.length > 0)
      throw new UsageError("Name one run and one of its reviews.");
    if (values.reject && values.always) throw new UsageError("--always goes with an approval only.");
    const { status } = await clientFor(values, io).review(id, reviewId, {
      approved: !values.reject,
      ...(values.data === undefined ? {} : { data: jsonOrText(values.data) }),
      ...(values.message === undefined ? {} : { message: values.message }),
      auto_approve_future: values.always,
    });
    io.out(`${id}  ${status}\n`);
    return EXIT.ok;
  },
};
