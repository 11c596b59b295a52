import { Button, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useFetcher } from "react-router";
import type { Answer } from "#app/services.server.ts";

interface RunCommandProps {
  executionId: string;
  /** Last part of the address that does it. */
  command: "stop" | "pause" | "resume";
  label: string;
  /** What to say, before the reason, when it was refused. */
  failed: string;
  icon: ReactNode;
  color: string;
}

/** A button that does one thing to a run. What comes of it is told by the run's events. */
export function RunCommand({ executionId, command, label, failed, icon, color }: RunCommandProps) {
  const fetcher = useFetcher<Answer>();
  const refused = fetcher.data?.ok === false ? fetcher.data.refusal : null;
  const action = `/runs/${encodeURIComponent(executionId)}/${command}`;
  return (
    <>
      {refused !== null && (
        <Text size="xs" c="red" role="alert">
          {failed}: {refused.message}
        </Text>
      )}
      <Button
        color={color}
        variant="light"
        size="xs"
        leftSection={icon}
        loading={fetcher.state === "submitting"}
        onClick={() => void fetcher.submit(null, { method: "post", action })}
      >
        {label}
      </Button>
    </>
  );
}
