import { Button, Container, Group, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { redirect, useSearchParams } from "react-router";
import { sessionContext } from "#worker/contracts/app-context.ts";
import { Brand } from "#app/components/brand.tsx";
import { Notice } from "#app/components/notice.tsx";
import { ColorSchemeMenu, LanguageMenu } from "#app/components/preferences-menu.tsx";
import { useI18n } from "#app/i18n/i18n.tsx";
import { MESSAGES } from "#app/i18n/i18n.tsx";
import { localPath } from "#app/local-path.ts";
import { signIn, type SignInOutcome } from "#app/sign-in.ts";
import type { Messages } from "#app/i18n/messages.ts";
import { chooseLanguage } from "#app/i18n/language.ts";
import type { Route } from "./+types/sign-in.ts";

export function loader({ context, request }: Route.LoaderArgs) {
  if (context.get(sessionContext) !== null) {
    throw redirect(localPath(new URL(request.url).searchParams.get("next")));
  }
  return { title: MESSAGES[chooseLanguage(request.headers)].sign_in.title };
}

export default function SignInPage() {
  const { t } = useI18n();
  return (
    <>
      <Group justify="space-between" p="sm">
        <Brand />
        <Group gap={2}>
          <LanguageMenu />
          <ColorSchemeMenu />
        </Group>
      </Group>
      <Container component="main" size={420} py={{ base: 24, sm: 72 }}>
        <Paper withBorder p={{ base: "md", sm: "xl" }} radius="md">
          <Stack gap="md">
            <div>
              <Title order={1} size="h3">
                {t.sign_in.title}
              </Title>
              <Text c="var(--text-quiet)" size="sm">
                {t.app.tagline}
              </Text>
            </div>
            <SignInForm />
            <Text size="xs" c="var(--text-quiet)">
              {t.sign_in.hint}
            </Text>
          </Stack>
        </Paper>
      </Container>
    </>
  );
}

function SignInForm() {
  const { t } = useI18n();
  const [search] = useSearchParams();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setFailure(null);
    const outcome = await signIn(String(form.get("email") ?? ""), String(form.get("password") ?? ""));
    if (outcome.kind === "signed_in") {
      // A full load: every loader must see the new session.
      window.location.assign(localPath(search.get("next")));
      return;
    }
    setFailure(describeFailure(outcome, t));
    setBusy(false);
  }

  return (
    <form onSubmit={(event) => void submit(event)} method="post">
      <Stack gap="sm">
        {failure !== null && (
          <Notice kind="error" urgent>
            {failure}
          </Notice>
        )}
        <TextInput
          name="email"
          type="email"
          autoComplete="username"
          label={t.sign_in.email}
          required
          withAsterisk={false}
          autoFocus
        />
        <PasswordInput
          name="password"
          autoComplete="current-password"
          label={t.sign_in.password}
          required
          withAsterisk={false}
        />
        <Button type="submit" loading={busy} fullWidth mt={4}>
          {t.sign_in.submit}
        </Button>
      </Stack>
    </form>
  );
}

function describeFailure(outcome: Exclude<SignInOutcome, { kind: "signed_in" }>, t: Messages): string {
  switch (outcome.kind) {
    case "wrong":
      return t.sign_in.wrong;
    case "invalid_email":
      return t.sign_in.invalid_email;
    case "too_many":
      return t.sign_in.too_many;
    case "unreachable":
      return t.sign_in.unreachable;
    case "refused":
      return t.sign_in.failed(outcome.detail);
  }
}

export function meta({ loaderData }: Route.MetaArgs) {
  return [{ title: loaderData?.title ?? "Weft" }];
}
