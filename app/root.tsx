import "@mantine/core/styles.css";
import "./app.css";
import { ColorSchemeScript, MantineProvider, mantineHtmlProps } from "@mantine/core";
import { type ReactNode, useEffect } from "react";
import { Links, Meta, Outlet, Scripts, ScrollRestoration, useRouteLoaderData } from "react-router";
import type { Route } from "./+types/root.ts";
import { ErrorPage } from "./components/error-page.tsx";
import { I18nProvider } from "./i18n/i18n.tsx";
import { chooseLanguage, LANGUAGE_TAGS } from "./i18n/language.ts";
import { useNonce } from "./nonce.ts";
import { theme } from "./theme.ts";

export function loader({ request }: Route.LoaderArgs) {
  return { language: chooseLanguage(request.headers) };
}

export function Layout({ children }: { children: ReactNode }) {
  const nonce = useNonce();
  const language = useRouteLoaderData<typeof loader>("root")?.language ?? "en";
  return (
    <html lang={LANGUAGE_TAGS[language]} {...mantineHtmlProps}>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <ColorSchemeScript nonce={nonce} suppressHydrationWarning defaultColorScheme="auto" />
        <Meta />
        <Links nonce={nonce} />
      </head>
      <body>
        <MantineProvider theme={theme} defaultColorScheme="auto">
          <I18nProvider language={language}>{children}</I18nProvider>
        </MantineProvider>
        <ScrollRestoration />
        <Scripts />
      </body>
    </html>
  );
}

export default function App() {
  // Until then a click would meet a page that only looks alive; style sheets and tests can tell.
  useEffect(() => {
    document.documentElement.dataset["ready"] = "true";
  }, []);
  return <Outlet />;
}

export function meta() {
  return [{ title: "Weft" }];
}

export function ErrorBoundary({ error }: Route.ErrorBoundaryProps) {
  return <ErrorPage error={error} />;
}
