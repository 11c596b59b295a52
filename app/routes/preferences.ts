import { redirect } from "react-router";
import { isLanguage, LANGUAGE_COOKIE } from "#app/i18n/language.ts";
import { localPath } from "#app/local-path.ts";
import type { Route } from "./+types/preferences.ts";

const ONE_YEAR_SECONDS = 31_536_000;

/** Remembers the language. A plain form can post here, so it works before any script has loaded. */
export async function action({ request }: Route.ActionArgs) {
  const form = await request.formData();
  const language = form.get("language");
  const headers = new Headers();
  if (isLanguage(language)) {
    headers.set("Set-Cookie", `${LANGUAGE_COOKIE}=${language}; Path=/; Max-Age=${ONE_YEAR_SECONDS}; SameSite=Lax`);
  }
  return redirect(localPath(form.get("next")), { headers });
}

export function loader() {
  return redirect("/");
}
