import { ActionIcon, Button, Menu, useMantineColorScheme } from "@mantine/core";
import { Check, Languages, LogOut, Monitor, Moon, Sun, UserRound } from "lucide-react";
import { useFetcher, useLocation } from "react-router";
import { useI18n } from "#app/i18n/i18n.tsx";
import { LANGUAGE_NAMES, LANGUAGE_TAGS, LANGUAGES } from "#app/i18n/language.ts";
import { useInBrowser } from "./local-time.tsx";

export function LanguageMenu() {
  const { t, language } = useI18n();
  const fetcher = useFetcher();
  const location = useLocation();
  const next = location.pathname + location.search;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t.language.label}>
          <Languages size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t.language.label}</Menu.Label>
        {LANGUAGES.map((choice) => (
          <Menu.Item
            key={choice}
            lang={LANGUAGE_TAGS[choice]}
            rightSection={choice === language ? <Check size={14} aria-hidden /> : null}
            onClick={() => fetcher.submit({ language: choice, next }, { method: "post", action: "/preferences" })}
          >
            {LANGUAGE_NAMES[choice]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const SCHEMES = [
  ["light", Sun],
  ["dark", Moon],
  ["auto", Monitor],
] as const;

export function ColorSchemeMenu() {
  const { t } = useI18n();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const inBrowser = useInBrowser();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" aria-label={t.theme.label}>
          {inBrowser && colorScheme === "dark" ? <Moon size={18} aria-hidden /> : <Sun size={18} aria-hidden />}
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t.theme.label}</Menu.Label>
        {SCHEMES.map(([scheme, Icon]) => (
          <Menu.Item
            key={scheme}
            leftSection={<Icon size={14} aria-hidden />}
            rightSection={inBrowser && scheme === colorScheme ? <Check size={14} aria-hidden /> : null}
            onClick={() => setColorScheme(scheme)}
          >
            {t.theme[scheme]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function AccountMenu({ name, email }: { name: string; email: string }) {
  const { t } = useI18n();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="subtle" color="gray" size="compact-md" px={6} aria-label={t.account.menu(name)}>
          <UserRound size={18} aria-hidden />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{email}</Menu.Label>
        <Menu.Item leftSection={<LogOut size={14} aria-hidden />} onClick={() => void signOut()}>
          {t.account.sign_out}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

async function signOut(): Promise<void> {
  await fetch("/api/auth/sign-out", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: "{}",
  }).catch(() => undefined);
  // A full load: nothing of the account stays in memory.
  window.location.assign("/sign-in");
}
