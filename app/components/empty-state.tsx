import { Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

interface EmptyStateProps {
  icon: ReactNode;
  title: string;
  children: ReactNode;
}

/** A list without items says what would be in it and how to get the first one. */
export function EmptyState({ icon, title, children }: EmptyStateProps) {
  return (
    <Paper withBorder p={{ base: "lg", sm: 48 }} radius="md">
      <Stack align="center" gap="sm" maw={560} mx="auto" ta="center">
        <Text c="var(--text-quiet)" component="div" aria-hidden>
          {icon}
        </Text>
        <Title order={2} size="h4">
          {title}
        </Title>
        {children}
      </Stack>
    </Paper>
  );
}
