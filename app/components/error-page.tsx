import { Button, Container, Group, Stack, Text, Title } from "@mantine/core";
import { isRouteErrorResponse, Link } from "react-router";
import { useI18n } from "#app/i18n/i18n.tsx";

/** What a page shows instead of itself: what happened, and where to go from here. */
export function ErrorPage({ error }: { error: unknown }) {
  const { t } = useI18n();
  const notFound = isRouteErrorResponse(error) && error.status === 404;
  const known = isRouteErrorResponse(error) ? readRefusal(error.data) : undefined;
  return (
    <Container size="sm" py={80}>
      <Stack gap="md">
        <Title order={1} size="h2">
          {notFound ? t.error.not_found : t.error.title}
        </Title>
        <Text>{notFound ? t.error.not_found_text : (known?.message ?? t.error.server_text)}</Text>
        {known !== undefined && (
          <Text size="sm" c="dimmed">
            {t.error.code(known.code)}
          </Text>
        )}
        <Group>
          <Button component={Link} to="/">
            {t.error.back}
          </Button>
          {!notFound && (
            <Button variant="default" onClick={() => window.location.reload()}>
              {t.error.retry}
            </Button>
          )}
        </Group>
      </Stack>
    </Container>
  );
}

function readRefusal(data: unknown): { code: string; message: string } | undefined {
  if (typeof data === "object" && data !== null && "code" in data && "message" in data) {
    return { code: String(data.code), message: String(data.message) };
  }
  return undefined;
}
