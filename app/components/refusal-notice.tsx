import { Text } from "@mantine/core";
import { refusalLines } from "#app/refusal-lines.ts";
import type { Refusal } from "#app/services.server.ts";
import { UNREACHABLE } from "#app/unreachable.ts";
import { Notice } from "./notice.tsx";

const SHOWN_DETAILS = 8;

interface RefusalNoticeProps {
  title: string;
  refusal: Refusal;
  /** What to say where the server did not answer. */
  unreachable?: string;
}

/** Why something was not done, with the details. */
export function RefusalNotice({ title, refusal: { code, message, details }, unreachable }: RefusalNoticeProps) {
  const text = code === UNREACHABLE ? (unreachable ?? message) : message;
  const lines = [text, ...refusalLines(details, SHOWN_DETAILS)];
  return (
    <Notice kind="error" title={title} urgent>
      {lines.map((line, index) => (
        <Text key={index} size="sm" style={{ overflowWrap: "anywhere" }}>
          {line}
        </Text>
      ))}
    </Notice>
  );
}
