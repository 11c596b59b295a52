import { Button, Text, Tooltip } from "@mantine/core";
import { RotateCcw } from "lucide-react";
import { useI18n } from "#app/i18n/i18n.tsx";
import { UNREACHABLE } from "#app/unreachable.ts";
import { useRerun } from "./use-rerun.ts";

interface RetryRunProps {
  executionId: string;
  onStarted: (executionId: string) => void;
}

/** Starts a new run in which only what did not complete in this one is run. */
export function RetryRun({ executionId, onStarted }: RetryRunProps) {
  const { t } = useI18n();
  const { busy, refusal, send } = useRerun(executionId, "retry", onStarted);
  return (
    <>
      {refusal !== null && (
        <Text size="xs" c="red" role="alert">
          {t.rerun.retry_failed}: {refusal.code === UNREACHABLE ? t.rerun.unreachable : refusal.message}
        </Text>
      )}
      <Tooltip label={t.rerun.retry_hint} multiline w={280} events={{ hover: true, focus: true, touch: false }}>
        <Button
          variant="light"
          size="xs"
          leftSection={<RotateCcw size={12} aria-hidden />}
          loading={busy}
          onClick={() => send({})}
        >
          {t.rerun.retry}
        </Button>
      </Tooltip>
    </>
  );
}
